#include "host/plugin/elf_image.h"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <utility>

namespace gantry::plugin {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half machine = EM_X86_64;
constexpr const char* machine_name = "x86-64";
#elif defined(__aarch64__)
constexpr Elf64_Half machine = EM_AARCH64;
constexpr const char* machine_name = "aarch64";
#endif

constexpr std::size_t symbols_max = 1'000'000;
constexpr std::size_t sections_max = 65'000;
constexpr std::size_t messages_bytes_max = 4 * 1024 * 1024;

// The second half of several sentences: how to mend it.
constexpr const char* name_the_library = "name the .so that gantry_add_plugin() makes";
constexpr const char* build_anew = "build it anew, and take it as the linker wrote it";
constexpr const char* describe_anew = "write GANTRY_PLUGIN(…) once, and build it with the SDK";

/// Bounds-checked access: nothing is read outside of the file, and nothing is trusted to be
/// aligned.
class Reader {
public:
    Reader(std::span<const std::byte> file, std::string_view name) : file_{file}, name_{name} {}

    Result<ElfImage> read() {
        if (auto ok = read_header(); !ok) return ok.error();
        if (auto ok = read_sections(); !ok) return ok.error();
        if (auto ok = read_descriptor(); !ok) return ok.error();
        if (auto ok = read_dynamic(); !ok) return ok.error();
        if (auto ok = read_symbols(); !ok) return ok.error();
        read_build_id();
        read_messages();
        return std::move(image_);
    }

private:
    template <class... Args>
    Error refuse(fmt::format_string<Args...> text, Args&&... args) const {
        return Error{Status::invalid,
                     std::string{name_} + ": " + fmt::format(text, std::forward<Args>(args)...)};
    }
    Error truncated(std::string_view what) const {
        return refuse(
            "the file is incomplete ({} would lie beyond its end); copy it again, under "
            "another name, and rename it when it is whole",
            what);
    }

    std::optional<std::span<const std::byte>> slice(std::uint64_t offset,
                                                    std::uint64_t bytes) const {
        if (offset > file_.size() || bytes > file_.size() - offset) return std::nullopt;
        return file_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes));
    }
    template <class T>
    std::optional<T> at(std::uint64_t offset) const {
        const auto bytes = slice(offset, sizeof(T));
        if (!bytes) return std::nullopt;
        T value;
        std::memcpy(&value, bytes->data(), sizeof value);
        return value;
    }
    std::string text_at(const Elf64_Shdr& strings, std::uint64_t offset) const {
        if (offset >= strings.sh_size) return {};
        const auto bytes = slice(strings.sh_offset, strings.sh_size);
        if (!bytes) return {};
        const auto* begin = reinterpret_cast<const char*>(bytes->data()) + offset;
        return {begin, ::strnlen(begin, static_cast<std::size_t>(strings.sh_size - offset))};
    }

    Result<Done> read_header() {
        const auto header = at<Elf64_Ehdr>(0);
        if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
            return refuse("not a shared library (no ELF header); {}", name_the_library);
        }
        header_ = *header;
        if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB ||
            header_.e_machine != machine) {
            return refuse("built for another machine; this host runs 64-bit {}, build it for that",
                          machine_name);
        }
        if (header_.e_type != ET_DYN)
            return refuse("not a shared library (an executable or an object); {}",
                          name_the_library);
        if (header_.e_phentsize != sizeof(Elf64_Phdr))
            return refuse("its program headers are broken; {}", build_anew);
        return read_segments();
    }

    Result<Done> read_segments() {
        image_.executable_stack = true;  // what the loader takes a missing header for
        for (std::uint64_t i = 0; i < header_.e_phnum; ++i) {
            const auto segment = at<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr));
            if (!segment) return truncated("a program header");
            if (segment->p_type == PT_LOAD) {
                if (!slice(segment->p_offset, segment->p_filesz)) {
                    return truncated("a segment");
                }
                segments_.push_back(*segment);
            }
            if (segment->p_type == PT_GNU_STACK)
                image_.executable_stack = (segment->p_flags & PF_X) != 0;
            if (segment->p_type == PT_DYNAMIC) dynamic_address_ = segment->p_vaddr;
        }
        return Done{};
    }

    /// Where the loader finds in the file what it maps to an address.
    std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
        for (const Elf64_Phdr& segment : segments_) {
            if (address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz) {
                return segment.p_offset + (address - segment.p_vaddr);
            }
        }
        return std::nullopt;
    }
    bool is_code(std::uint64_t address) const {
        for (const Elf64_Phdr& segment : segments_) {
            if ((segment.p_flags & PF_X) != 0 && address >= segment.p_vaddr &&
                address - segment.p_vaddr < segment.p_filesz) {
                return true;
            }
        }
        return false;
    }
    /// Sections are what is checked, segments what is loaded: they have to be the same bytes.
    Error two_stories(std::string_view what) const {
        return refuse(
            "its section headers tell something else than its program headers about {}; take it "
            "as the linker wrote it",
            what);
    }

    Result<Done> read_sections() {
        if (header_.e_shoff == 0 || header_.e_shnum == 0) {
            return refuse(
                "it has no section headers, so its descriptor cannot be found; strip no more than "
                "strip --strip-unneeded does");
        }
        if (header_.e_shentsize != sizeof(Elf64_Shdr) || header_.e_shnum > sections_max) {
            return refuse("its section headers are broken; {}", build_anew);
        }
        for (std::uint64_t i = 0; i < header_.e_shnum; ++i) {
            const auto section = at<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr));
            if (!section) return truncated("the section headers");
            if (section->sh_type != SHT_NOBITS && !slice(section->sh_offset, section->sh_size)) {
                return truncated("a section");
            }
            sections_.push_back(*section);
        }
        if (header_.e_shstrndx >= sections_.size())
            return refuse("its section names are broken; {}", build_anew);
        return Done{};
    }

    const Elf64_Shdr* section(std::string_view wanted) const {
        const Elf64_Shdr& names = sections_[header_.e_shstrndx];
        for (const auto& candidate : sections_) {
            if (text_at(names, candidate.sh_name) == wanted) return &candidate;
        }
        return nullptr;
    }
    const Elf64_Shdr* section(std::uint32_t type) const {
        for (const auto& candidate : sections_) {
            if (candidate.sh_type == type) return &candidate;
        }
        return nullptr;
    }

    Result<Done> read_descriptor() {
        const Elf64_Shdr* found = section(".gantry_plugin");
        if (found == nullptr) {
            return refuse(
                "not a plugin: it has no section .gantry_plugin; "
                "build it with gantry_add_plugin() and write GANTRY_PLUGIN(…) once");
        }
        // A later SDK may append to the descriptor; an older one is shorter. Magic, size and ABI
        // come first for ever.
        if (offset_of(found->sh_addr) != found->sh_offset) return two_stories("its descriptor");
        descriptor_address_ = found->sh_addr;
        const auto bytes =
            slice(found->sh_offset, std::min<std::uint64_t>(found->sh_size, sizeof(PluginDesc)));
        if (found->sh_type == SHT_NOBITS || !bytes || bytes->size() < offsetof(PluginDesc, name)) {
            return refuse("its plugin descriptor is too short; {}", describe_anew);
        }
        std::memcpy(&image_.desc, bytes->data(), bytes->size());
        if (image_.desc.magic != plugin_desc_magic) {
            return refuse("its plugin descriptor does not begin with the mark of one; {}",
                          describe_anew);
        }
        if (image_.desc.size > found->sh_size)
            return refuse("its plugin descriptor is too short; {}", describe_anew);
        return Done{};
    }

    Result<Done> read_dynamic() {
        const Elf64_Shdr* dynamic = section(SHT_DYNAMIC);
        if (dynamic == nullptr || dynamic->sh_link >= sections_.size()) {
            return refuse("it has no dynamic section; {}", build_anew);
        }
        if (!dynamic_address_ || offset_of(*dynamic_address_) != dynamic->sh_offset) {
            return two_stories("its dynamic section");
        }
        const Elf64_Shdr& strings = sections_[dynamic->sh_link];
        for (std::uint64_t at_byte = 0; at_byte + sizeof(Elf64_Dyn) <= dynamic->sh_size;
             at_byte += sizeof(Elf64_Dyn)) {
            const auto entry = at<Elf64_Dyn>(dynamic->sh_offset + at_byte);
            if (!entry || entry->d_tag == DT_NULL) break;
            if (auto ok = read_entry(*entry, strings); !ok) return ok;
        }
        return Done{};
    }
    Result<Done> read_entry(const Elf64_Dyn& entry, const Elf64_Shdr& strings) {
        const std::uint64_t value = entry.d_un.d_val;
        switch (entry.d_tag) {
            case DT_NEEDED:
                image_.needed.push_back(text_at(strings, value));
                break;
            case DT_RPATH:
            case DT_RUNPATH:
                image_.has_run_path = true;
                break;
            case DT_FLAGS_1:
                image_.never_unloads |= (value & DF_1_NODELETE) != 0;
                break;
            case DT_FLAGS:
                image_.text_relocations |= (value & DF_TEXTREL) != 0;
                break;
            case DT_TEXTREL:
                image_.text_relocations = true;
                break;
            case DT_FILTER:
            case DT_AUXILIARY:
            case DT_AUDIT:
            case DT_DEPAUDIT:
                image_.filters = true;
                break;
            case DT_STRTAB:
                if (offset_of(value) != strings.sh_offset) return two_stories("its names");
                break;
            case DT_SYMTAB:
                symbols_address_ = value;
                break;
            case DT_INIT:
            case DT_FINI:
                if (!is_code(value)) {
                    return refuse("its {} points at no code; link it anew",
                                  entry.d_tag == DT_INIT ? "DT_INIT" : "DT_FINI");
                }
                break;
            case DT_INIT_ARRAY:
            case DT_FINI_ARRAY:
                if (!offset_of(value)) {
                    return refuse("its list of {} lies outside of it; link it anew",
                                  entry.d_tag == DT_INIT_ARRAY ? "constructors" : "destructors");
                }
                break;
            default:
                break;
        }
        return Done{};
    }

    Result<Done> read_symbols() {
        const Elf64_Shdr* table = section(SHT_DYNSYM);
        if (table == nullptr || table->sh_link >= sections_.size()) {
            return refuse("it has no dynamic symbols; {}", build_anew);
        }
        if (offset_of(symbols_address_) != table->sh_offset) return two_stories("its symbols");
        const Elf64_Shdr& strings = sections_[table->sh_link];
        const std::uint64_t count = table->sh_size / sizeof(Elf64_Sym);
        if (count > symbols_max)
            return refuse(
                "it has more than {} symbols; export gantry_plugin alone, and link less into it",
                symbols_max);
        for (std::uint64_t i = 1; i < count; ++i) {
            const auto symbol = at<Elf64_Sym>(table->sh_offset + i * sizeof(Elf64_Sym));
            if (!symbol) return truncated("a symbol");
            std::string text = text_at(strings, symbol->st_name);
            if (text == "gantry_plugin" && symbol->st_shndx != SHN_UNDEF &&
                symbol->st_value != descriptor_address_) {
                return refuse(
                    "its symbol gantry_plugin is not what lies in .gantry_plugin; write "
                    "GANTRY_PLUGIN(…) once, and no symbol of that name beside it");
            }
            add_symbol(*symbol, std::move(text));
        }
        return Done{};
    }
    void add_symbol(const Elf64_Sym& symbol, std::string text) {
        const unsigned binding = ELF64_ST_BIND(symbol.st_info);
        if (symbol.st_shndx == SHN_UNDEF) {
            image_.imports.push_back(std::move(text));
        } else if (binding == STB_GNU_UNIQUE) {
            image_.unique.push_back(std::move(text));
        } else if (binding != STB_LOCAL) {
            image_.exports.push_back(std::move(text));
        }
    }

    void read_build_id() {
        const Elf64_Shdr* note = section(".note.gnu.build-id");
        if (note == nullptr) return;
        const auto head = at<Elf64_Nhdr>(note->sh_offset);
        if (!head || head->n_type != NT_GNU_BUILD_ID || head->n_descsz > 64) return;
        const std::uint64_t start =
            note->sh_offset + sizeof(Elf64_Nhdr) + ((head->n_namesz + 3u) & ~3u);
        const auto bytes = slice(start, head->n_descsz);
        if (!bytes) return;
        for (const std::byte b : *bytes)
            image_.build_id += fmt::format("{:02x}", static_cast<unsigned>(b));
    }

    /// For people who compare two libraries; nothing that is loaded depends on it.
    void read_messages() {
        const Elf64_Shdr* found = section(".gantry_messages");
        if (found == nullptr || found->sh_type == SHT_NOBITS) return;
        const auto bytes =
            slice(found->sh_offset, std::min<std::uint64_t>(found->sh_size, messages_bytes_max));
        if (!bytes) return;
        image_.messages.assign(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    }

    std::span<const std::byte> file_;
    std::string_view name_;
    Elf64_Ehdr header_{};
    std::vector<Elf64_Phdr> segments_;  // those that are loaded
    std::vector<Elf64_Shdr> sections_;
    std::optional<std::uint64_t> dynamic_address_;
    std::uint64_t descriptor_address_ = 0;
    std::uint64_t symbols_address_ = 0;
    ElfImage image_;
};

}  // namespace

Result<ElfImage> read_elf_image(std::span<const std::byte> file, std::string_view name) {
    return Reader{file, name}.read();
}

}  // namespace gantry::plugin
