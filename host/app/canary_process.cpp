#include "host/app/canary_process.h"

#include <fmt/format.h>

#include "host/app/canary_order.h"
#include "host/core/log.h"
#include "host/platform/environment.h"
#include "host/platform/shadow_copy.h"

namespace gantry::app {
namespace {

/// All that it said with that word.
std::vector<std::string> lines_with(const std::string& text, std::string_view word) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line{text.data() + begin, end - begin};
        if (line.starts_with(word)) lines.emplace_back(line.substr(word.size()));
        begin = end + 1;
    }
    return lines;
}

/// The last thing the process said with that word, without the word.
std::string last_line(const std::string& text, std::string_view word) {
    const auto lines = lines_with(text, word);
    return lines.empty() ? std::string{} : lines.back();
}

/// The end of what it wrote to its standard error, on one line: " (terminate called …)".
std::string last_words(const std::string& text) {
    constexpr std::size_t words_bytes_max = 300;
    std::string out;
    for (const char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= ' ';
        if (!blank) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    if (out.size() > words_bytes_max) out.erase(0, out.size() - words_bytes_max);
    return out.empty() ? out : " (" + out + ")";
}

constexpr std::uint64_t output_bytes_max = 1024 * 1024;

class Run final : public plugin::CanaryRun {
public:
    Run(const core::Clock& clock, platform::ForkServer& processes, plugin::CanaryOrder order)
        : clock_{clock}, processes_{processes}, order_{std::move(order)} {
        order_file_ = order_.candidate;
        order_file_ += ".order";
        order_.environment = platform::environment();
        order_.gives_way = true;
    }
    ~Run() override {
        process_.reset();  // first: it may be making the copy
        remove_files();
    }

    Result<Done> start() {
        attempt_began_ = clock_.now();
        remove_files();
        if (auto ok = platform::write_new_file(order_file_, encode_order(order_)); !ok) return ok;
        auto process = processes_.start(order_file_.string());
        if (!process) return process.error();
        process_ = std::move(*process);
        return Done{};
    }

    std::optional<plugin::CanaryVerdict> poll() override {
        const auto end = process_->poll();
        if (!end) {
            look_after();
            return std::nullopt;
        }
        const std::string step = last_line(process_->reports().text(), canary_line::at);
        if (const auto* trouble = std::get_if<Error>(&*end)) {
            return plugin::CanaryVerdict{
                plugin::CanaryOutcome::unavailable,
                fmt::format("{}: its canary process cannot run: {}{}; mend that, or set "
                            "\"canary\": false for this plugin",
                            order_.file.string(), trouble->message,
                            step.empty() ? "" : ", seen in " + step)};
        }
        plugin::CanaryVerdict verdict = judge(std::get<platform::ProcessEnd>(*end));
        if (verdict.outcome == plugin::CanaryOutcome::overran && too_long_ && order_.gives_way) {
            order_.gives_way = false;
            if (start_again()) return std::nullopt;
        } else if (!verdict.passed() && step.starts_with(canary_line::incumbent)) {
            // What it cannot bear is not the candidate's doing: try again without the incumbent.
            log::warn("canary: {}", verdict.reason);
            order_.incumbent.clear();
            if (start_again()) return std::nullopt;
        }
        verdict.notes = lines_with(process_->reports().text(), canary_line::note);
        verdict.took = clock_.now() - began_;
        return verdict;
    }

    void wait(TimeNs duration_max) override {
        process_->wait(std::min(duration_max, plugin::canary_look_every));
    }
    int descriptor() const noexcept override { return process_->descriptor(); }

private:
    bool start_again() {
        too_long_ = too_loud_ = false;
        return start().has_value();
    }

    /// It runs, and may have to be ended.
    void look_after() {
        const TimeNs now = clock_.now();
        too_long_ = now - attempt_began_ >= attempt_max();
        if (now - listened_ >= plugin::canary_look_every) {
            listened_ = now;
            process_->listen();
        }
        too_loud_ = process_->output().bytes() > output_bytes_max;
        // After a refusal it may take for ever to end.
        const bool refused = !last_line(process_->reports().text(), canary_line::refused).empty();
        if (too_long_ || too_loud_ || refused) process_->kill();
    }

    /// One that gives way may never get a turn on a busy machine: then it begins anew like others.
    TimeNs attempt_max() const noexcept {
        return order_.limit_ms * ns_per_ms / (order_.gives_way ? 4 : 1);
    }

    plugin::CanaryVerdict judge(const platform::ProcessEnd& end) const {
        const std::string& said = process_->reports().text();
        const std::string file = order_.file.string();
        const std::string refused = last_line(said, canary_line::refused);
        if (!refused.empty()) {
            return {plugin::CanaryOutcome::refused,
                    fmt::format("{}: in the canary process {}", file, refused)};
        }
        if (end.signal == 0 && end.exit_code == 0 && said.find(passed_line_) != said.npos) {
            return {plugin::CanaryOutcome::passed, {}};
        }
        std::string step = last_line(said, canary_line::at);
        if (step.empty()) step = "the canary itself";
        const std::string words = last_words(process_->output().text());
        const std::string again =
            fmt::format("; mend what happens there, gantry plugin try {} repeats it", file);
        if (too_loud_) {
            return {plugin::CanaryOutcome::overran,
                    fmt::format("{}: in the canary process it wrote more than {} MiB to its "
                                "output in {}; say what is worth it with log()",
                                file, output_bytes_max >> 20, step)};
        }
        if (too_long_) {
            return {plugin::CanaryOutcome::overran,
                    fmt::format("{}: in the canary process it did not come back from {} "
                                "within {} ms; it may neither wait nor loop there (the "
                                "limit is canary_ms)",
                                file, step, order_.limit_ms)};
        }
        if (end.signal != 0) {
            return {plugin::CanaryOutcome::died,
                    fmt::format("{}: in the canary process it died of {} in {}{}{}", file,
                                platform::signal_name(end.signal), step, words, again)};
        }
        return {plugin::CanaryOutcome::died,
                fmt::format("{}: it ended the canary process with exit code {} in {}{}{}", file,
                            end.exit_code, step, words, again)};
    }

    void remove_files() {
        platform::remove_file(order_file_);
        platform::remove_file(second_copy(order_));
    }

    const std::string passed_line_ = std::string{canary_line::passed} + '\n';
    const core::Clock& clock_;
    platform::ForkServer& processes_;
    plugin::CanaryOrder order_;
    std::filesystem::path order_file_;
    std::unique_ptr<platform::ForkedProcess> process_;
    const TimeNs began_ = clock_.now();
    TimeNs attempt_began_ = 0;
    TimeNs listened_ = 0;
    bool too_long_ = false;
    bool too_loud_ = false;
};

}  // namespace

Result<std::unique_ptr<plugin::CanaryRun>> ProcessCanary::begin(const plugin::CanaryOrder& order) {
    auto run = std::make_unique<Run>(clock_, processes_, order);
    if (auto started = run->start(); !started) return started.error();
    return std::unique_ptr<plugin::CanaryRun>{std::move(run)};
}

}  // namespace gantry::app
