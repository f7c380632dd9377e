// Rooms: groups of sessions. The words pass the filter plugin's service, while it is there.
#include <chat.gantry.h>
#include <gantry/gantry.h>

#include <unordered_map>

#include "samples/chat/filter.h"

namespace chat {

class Chat final : public gantry::WorldPlugin {
    struct Member {
        std::string name;
        std::string room;
        gantry::GroupId group;
    };

    void setup() override {
        filter_ = service<Filter>(Filter::name);
        on<msg::Join>(
            [this](const msg::Join& join, const gantry::Message& m) { return enter(join, m); });
        on<msg::Say>([this](const msg::Say& say, const gantry::Message& m) { speak(say, m); });
        on_session(
            [](gantry::SessionId, gantry::Entity) {},
            [this](gantry::SessionId session, gantry::Entity) { members_.erase(session.value); });
    }

    msg::Joined enter(const msg::Join& join, const gantry::Message& message) {
        if (join.room().empty() || join.room().size() > 32) {
            throw gantry::HandlerError{gantry::Status::invalid, "a room's name has 1 to 32 bytes"};
        }
        Member& member = members_[message.session.value];
        if (member.group) net().group_leave(member.group, message.session);
        member = {join.name().substr(0, 32), join.room(), group(join.room())};
        net().group_join(member.group, message.session);

        msg::Joined answer;
        answer.set_room(join.room());
        answer.set_members(net().group_size(member.group));
        return answer;
    }

    void speak(const msg::Say& say, const gantry::Message& message) {
        const auto found = members_.find(message.session.value);
        if (found == members_.end()) {
            throw gantry::HandlerError{gantry::Status::refused, "join a room first"};
        }
        msg::Said said;
        said.set_name(found->second.name);
        std::string* const text = said.mutable_text();
        *text = say.text();
        if (filter_) filter_->clean(text->data(), text->size());
        group_send(found->second.group, said);
    }

    // Who is in which room outlives a swap: one "session room name" a line.
    void save_state(gantry::StateWriter& writer) override {
        std::string lines;
        for (const auto& [session, member] : members_) {
            lines += std::to_string(session) + '\t' + member.room + '\t' + member.name + '\n';
        }
        writer.put("members", gantry::Bytes{std::string_view{lines}});
    }
    void restore_state(gantry::StateReader& reader) override {
        std::string_view lines = reader.get("members").text();
        while (!lines.empty()) {
            const std::string_view line = lines.substr(0, lines.find('\n'));
            lines.remove_prefix(line.size() + 1);
            const auto first = line.find('\t');
            const auto second = line.find('\t', first + 1);
            const std::string room{line.substr(first + 1, second - first - 1)};
            members_[std::strtoull(line.data(), nullptr, 10)] = {
                std::string{line.substr(second + 1)}, room, group(room)};
        }
    }

    gantry::Service<Filter> filter_;
    std::unordered_map<std::uint64_t, Member> members_;
};

}  // namespace chat

GANTRY_PLUGIN(.name = "chat", .version = "1.0.0", .world = gantry::create<chat::Chat>,
              .needs = {{.name = "chat_filter", .version_min = "1.0.0", .optional = true}});
