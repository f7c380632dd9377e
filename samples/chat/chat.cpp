// Rooms: groups of sessions. The words pass the filter plugin's service, while it is there.
#include <chat.gantry.h>
#include <gantry/gantry.h>
#include <gantry/kept_state.h>

#include "samples/chat/filter.h"

namespace chat {

class Chat final : public gantry::WorldPlugin {
    void setup() override {
        filter_ = service<Filter>(Filter::name);
        on<msg::Join>(
            [this](const msg::Join& join, const gantry::Message& m) { return enter(join, m); });
        on<msg::Say>([this](const msg::Say& say, const gantry::Message& m) { speak(say, m); });
        on_session(
            [](gantry::SessionId, gantry::Entity) {},
            [this](gantry::SessionId session, gantry::Entity) { members().erase(session.value); });
    }

    msg::Joined enter(const msg::Join& join, const gantry::Message& message) {
        if (join.room().empty() || join.room().size() > 32) {
            throw gantry::HandlerError{gantry::Status::invalid, "a room's name has 1 to 32 bytes"};
        }
        msg::Member& member = members()[message.session.value];
        if (!member.room().empty()) net().group_leave(group(member.room()), message.session);
        member.set_name(join.name().substr(0, 32));
        member.set_room(join.room());
        net().group_join(group(join.room()), message.session);

        msg::Joined answer;
        answer.set_room(join.room());
        answer.set_members(net().group_size(group(join.room())));
        return answer;
    }

    void speak(const msg::Say& say, const gantry::Message& message) {
        const auto found = members().find(message.session.value);
        if (found == members().end()) {
            throw gantry::HandlerError{gantry::Status::refused, "join a room first"};
        }
        msg::Said said;
        said.set_name(found->second.name());
        std::string* const text = said.mutable_text();
        *text = say.text();
        if (filter_) filter_->clean(text->data(), text->size());
        group_send(group(found->second.room()), said);
    }

    // Who is in which room outlives a swap, with what a newer version may have added to it.
    void save_state(gantry::StateWriter& writer) override { kept_.save(writer); }
    void restore_state(gantry::StateReader& reader) override { kept_.restore(reader); }

    google::protobuf::Map<std::uint64_t, msg::Member>& members() {
        return *kept_->mutable_by_session();
    }

    gantry::Service<Filter> filter_;
    gantry::KeptState<msg::Members> kept_{"members"};
};

}  // namespace chat

GANTRY_PLUGIN(.name = "chat", .version = "1.0.0", .world = gantry::create<chat::Chat>,
              .needs = {{.name = "chat_filter", .version_min = "1.0.0", .optional = true}});
