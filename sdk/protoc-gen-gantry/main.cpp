// protoc-gen-gantry: writes <file>.gantry.h, which gives each message with (gantry.id) its id, and
// <file>.gantry.cc, which says in the library what the messages look like, for gantry abi.
#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/unknown_field_set.h>

#include <map>
#include <memory>
#include <string>

namespace {

namespace pb = google::protobuf;

constexpr int id_option = 52001;          // gantry.id in proto/gantry/options.proto
constexpr std::uint64_t id_max = 0xFEFF;  // above are the host's own

/// The option as an unknown field: this program needs no generated code of options.proto.
std::uint64_t id_of(const pb::Descriptor& message) {
    const auto& options = message.options();
    const pb::UnknownFieldSet& fields = options.GetReflection()->GetUnknownFields(options);
    for (int i = 0; i < fields.field_count(); ++i) {
        if (fields.field(i).number() == id_option &&
            fields.field(i).type() == pb::UnknownField::TYPE_VARINT) {
            return fields.field(i).varint();
        }
    }
    return 0;
}

std::string cpp_name(const pb::Descriptor& message) {
    std::string name;
    for (const char c : message.file()->package())
        name += c == '.' ? std::string{"::"} : std::string{c};
    name = "::" + name + (name.empty() ? "" : "::");
    std::string own = message.full_name().substr(
        message.file()->package().empty() ? 0 : message.file()->package().size() + 1);
    for (const char c : own) name += c == '.' ? '_' : c;
    return name;
}

/// "repeated message game.Item", "sint32"
std::string type_of(const pb::FieldDescriptor& field) {
    std::string type = field.is_repeated() ? "repeated " : "";
    type += field.type_name();
    if (field.message_type() != nullptr) type += " " + field.message_type()->full_name();
    if (field.enum_type() != nullptr) type += " " + field.enum_type()->full_name();
    return type;
}

/// One line for the message and for each of its fields, as C++ literals; host/plugin reads them.
void print_layout(const pb::Descriptor& message, pb::io::Printer& out) {
    out.Print("\n    \"message $id$ $name$\\n\"", "id", std::to_string(id_of(message)), "name",
              message.full_name());
    for (int i = 0; i < message.field_count(); ++i) {
        const pb::FieldDescriptor& field = *message.field(i);
        out.Print("\n    \"field $number$ $name$ $type$\\n\"", "number",
                  std::to_string(field.number()), "name", field.name(), "type", type_of(field));
    }
    for (int i = 0; i < message.nested_type_count(); ++i) {
        print_layout(*message.nested_type(i), out);
    }
}

void write_layouts(const pb::FileDescriptor& file, pb::io::ZeroCopyOutputStream& stream) {
    if (file.message_type_count() == 0) return;
    pb::io::Printer out{&stream, '$'};
    out.Print(
        "// Made by protoc-gen-gantry from $file$: what its messages look like.\n"
        "__attribute__((section(\".gantry_messages\"), used, retain))\n"
        "static const char layouts[] =",
        "file", file.name());
    for (int i = 0; i < file.message_type_count(); ++i) print_layout(*file.message_type(i), out);
    out.Print(";\n");
}

class Generator final : public pb::compiler::CodeGenerator {
public:
    std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }

    bool Generate(const pb::FileDescriptor* file, const std::string&,
                  pb::compiler::GeneratorContext* context, std::string* error) const override {
        const std::string stem = file->name().substr(0, file->name().rfind('.'));
        std::map<std::uint64_t, const pb::Descriptor*> ids;
        for (int i = 0; i < file->message_type_count(); ++i) {
            if (!take(*file->message_type(i), ids, error)) return false;
        }
        const std::unique_ptr<pb::io::ZeroCopyOutputStream> stream{
            context->Open(stem + ".gantry.h")};
        pb::io::Printer out{stream.get(), '$'};
        out.Print(
            "// Made by protoc-gen-gantry from $file$: the message ids.\n"
            "#pragma once\n#include \"gantry/cpp/codec.h\"\n#include \"gantry/protobuf.h\"\n"
            "#include \"$stem$.pb.h\"\n\n",
            "file", file->name(), "stem", stem.substr(stem.rfind('/') + 1));
        for (const auto& [id, message] : ids) {
            out.Print(
                "template <>\ninline constexpr std::uint16_t gantry::message_id<$name$> = $id$;\n",
                "name", cpp_name(*message), "id", std::to_string(id));
        }
        const std::unique_ptr<pb::io::ZeroCopyOutputStream> layouts{
            context->Open(stem + ".gantry.cc")};
        write_layouts(*file, *layouts);
        return true;
    }

private:
    static bool take(const pb::Descriptor& message,
                     std::map<std::uint64_t, const pb::Descriptor*>& ids, std::string* error) {
        const std::uint64_t id = id_of(message);
        if (id > id_max) {
            *error = message.full_name() + ": (gantry.id) = " + std::to_string(id) +
                     " is not between 1 and " + std::to_string(id_max);
            return false;
        }
        if (id != 0 && !ids.emplace(id, &message).second) {
            *error = message.full_name() + " and " + ids[id]->full_name() +
                     " have the same (gantry.id) = " + std::to_string(id);
            return false;
        }
        for (int i = 0; i < message.nested_type_count(); ++i) {
            if (!take(*message.nested_type(i), ids, error)) return false;
        }
        return true;
    }
};

}  // namespace

int main(int argc, char** argv) {
    const Generator generator;
    return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
