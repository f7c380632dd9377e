#include "host/platform/stack_text.h"

#include <fmt/format.h>

#include <elfutils/libdwfl.h>
#include <unistd.h>

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

}  // namespace

std::vector<std::string> stack_text(std::span<void* const> frames) {
    static const Dwfl_Callbacks callbacks = {dwfl_linux_proc_find_elf, no_debug_file, nullptr,
                                             nullptr};
    const std::unique_ptr<Dwfl, void (*)(Dwfl*)> session{dwfl_begin(&callbacks), dwfl_end};
    if (session) {
        dwfl_linux_proc_report(session.get(), ::getpid());
        dwfl_report_end(session.get(), nullptr, nullptr);
    }
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        // All but the first are return addresses: the call is just before.
        const auto at = reinterpret_cast<Dwarf_Addr>(frames[i]) - (i == 0 ? 0 : 1);
        const CodeLabel label = code_at(frames[i]);
        std::string line = label.text;
        if (label.retired) line += " (unloaded)";
        Dwfl_Module* const module = session ? dwfl_addrmodule(session.get(), at) : nullptr;
        if (module != nullptr) {
            if (!label) {
                const char* const file = dwfl_module_info(module, nullptr, nullptr, nullptr,
                                                          nullptr, nullptr, nullptr, nullptr);
                line = file != nullptr ? std::filesystem::path{file}.filename().string() : "";
            }
            if (const char* const name = dwfl_module_addrname(module, at)) {
                if (!line.empty()) line += ' ';
                line += demangled(name);
            }
            if (Dwfl_Line* const source = dwfl_module_getsrc(module, at)) {
                int number = 0;
                const char* const file =
                    dwfl_lineinfo(source, nullptr, &number, nullptr, nullptr, nullptr);
                if (file != nullptr) {
                    line += fmt::format(" {}:{}", std::filesystem::path{file}.filename().string(),
                                        number);
                }
            }
        }
        lines.push_back(line.empty() ? "nobody's code" : line);
    }
    return lines;
}

}  // namespace gantry::platform
