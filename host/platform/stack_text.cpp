#include "host/platform/stack_text.h"

#include <fmt/format.h>

#include <elfutils/libdwfl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "host/platform/code_ranges.h"
#include "host/platform/demangle.h"

namespace gantry::platform {
namespace {

// Debug information is only looked for in the file itself, never in the network.
int no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                  GElf_Word, char**) {
    return -1;
}

struct Frame {
    Dwarf_Addr at = 0;
    Dwfl_Module* module = nullptr;
    const char* function = nullptr;  ///< as the linker knows it
};

/// Names the functions of the frames in that module in one pass over its symbols: libdw goes
/// through them anew for each address that it is asked for.
void name_functions(Dwfl_Module* module, std::span<Frame> frames) {
    const int count = dwfl_module_getsymtab(module);
    for (int i = 1; i < count; ++i) {
        GElf_Sym symbol;
        GElf_Addr begin = 0;
        const char* const name =
            dwfl_module_getsym_info(module, i, &symbol, &begin, nullptr, nullptr, nullptr);
        if (name == nullptr || GELF_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
        for (Frame& one : frames) {
            if (one.module == module && one.at - begin < symbol.st_size) one.function = name;
        }
    }
}

std::string source_of(const Frame& frame) {
    Dwfl_Line* const line = dwfl_module_getsrc(frame.module, frame.at);
    int number = 0;
    const char* const file = line != nullptr
                                 ? dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr)
                                 : nullptr;
    if (file == nullptr) return {};
    return fmt::format(" {}:{}", std::filesystem::path{file}.filename().string(), number);
}

std::string file_of(Dwfl_Module* module) {
    const char* const file =
        dwfl_module_info(module, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    return file != nullptr ? std::filesystem::path{file}.filename().string() : "";
}

}  // namespace

std::vector<std::string> stack_text(std::span<void* const> frames) {
    static const Dwfl_Callbacks callbacks = {dwfl_linux_proc_find_elf, no_debug_file, nullptr,
                                             nullptr};
    const std::unique_ptr<Dwfl, void (*)(Dwfl*)> session{dwfl_begin(&callbacks), dwfl_end};
    if (session) {
        dwfl_linux_proc_report(session.get(), ::getpid());
        dwfl_report_end(session.get(), nullptr, nullptr);
    }
    std::vector<Frame> known(frames.size());
    std::vector<Dwfl_Module*> named;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        // All but the first are return addresses: the call is just before.
        known[i].at = reinterpret_cast<Dwarf_Addr>(frames[i]) - (i == 0 ? 0 : 1);
        if (session) known[i].module = dwfl_addrmodule(session.get(), known[i].at);
    }
    for (const Frame& one : known) {
        if (one.module == nullptr ||
            std::find(named.begin(), named.end(), one.module) != named.end()) {
            continue;
        }
        named.push_back(one.module);
        name_functions(one.module, known);
    }
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const Frame& frame = known[i];
        const CodeLabel label = code_at(frames[i]);
        std::string line = label.text;
        if (label.retired) line += " (unloaded)";
        if (frame.module != nullptr) {
            if (!label) line = file_of(frame.module);
            if (frame.function != nullptr) {
                if (!line.empty()) line += ' ';
                line += demangled(frame.function);
            }
            line += source_of(frame);
        }
        lines.push_back(line.empty() ? "nobody's code" : line);
    }
    return lines;
}

}  // namespace gantry::platform
