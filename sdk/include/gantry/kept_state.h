// gantry/kept_state.h: private state as one protobuf message, so that versions with other fields
// read each other's: what a version does not know it keeps, and hands on as it came.
//     gantry::KeptState<Purse> purse_;
//     void save_state(StateWriter& writer) override { purse_.save(writer); }
//     void restore_state(StateReader& reader) override { purse_.restore(reader); }
#pragma once
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>

#include <string>
#include <string_view>

#include "gantry/cpp/guard.h"
#include "gantry/plugin.h"

namespace gantry {

/// Work on the message in place: one that is filled anew at each save has lost what a newer version
/// had put into it. Fields are told by their numbers, so never use a number again for something
/// else (https://protobuf.dev/programming-guides/proto3/#updating). [the room of its instance]
template <class Message>
class KeptState {
public:
    /// `name` is what versions call it; one plugin may keep several.
    explicit KeptState(std::string_view name = "state") : name_{name} {}

    Message& operator*() noexcept { return message_; }
    const Message& operator*() const noexcept { return message_; }
    Message* operator->() noexcept { return &message_; }
    const Message* operator->() const noexcept { return &message_; }

    /// Throws, and so gives the swap up, where the host does not take it: it is too large.
    void save(StateWriter& writer) const {
        std::string bytes;
        {
            google::protobuf::io::StringOutputStream stream{&bytes};
            google::protobuf::io::CodedOutputStream coded{&stream};
            coded.SetSerializationDeterministic(true);  // a candidate is tried by saving twice
            message_.SerializePartialToCodedStream(&coded);
        }
        const Status status = writer.put(Str{name_}, Bytes{std::string_view{bytes}});
        if (status == Status::ok) return;
        throw HandlerError{status, ("the state " + name_ + " was not taken").c_str()};
    }
    /// In the place of what is there; empty when the version before kept nothing of that name.
    /// Throws, and so gives the swap up, where it is no such message.
    void restore(StateReader& reader) {
        const Bytes bytes = reader.get(Str{name_});
        if (message_.ParsePartialFromArray(bytes.data, static_cast<int>(bytes.size))) return;
        const std::string by{reader.saved_by().view()};
        throw HandlerError{Status::invalid,
                           ("the state " + name_ + " that " + by + " has saved is no " +
                            Message::default_instance().GetTypeName())
                               .c_str()};
    }

private:
    std::string name_;
    Message message_;
};

}  // namespace gantry
