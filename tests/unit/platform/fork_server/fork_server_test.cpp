// ForkServer: what its processes write and how they end is told, and none of them outlives its use.
#include "host/platform/fork_server.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <vector>

using namespace gantry;
using namespace gantry::platform;

namespace {

ForkServer make_server() { return {FORKED_PROGRAM, {}}; }

std::unique_ptr<ForkedProcess> start(ForkServer& server, std::string_view order) {
    auto process = server.start(order);
    REQUIRE(process);
    return std::move(*process);
}

ForkedProcess::End end_of(ForkedProcess& process) {
    auto end = process.poll();
    for (; !end; end = process.poll()) {
        process.wait(20 * ns_per_ms);
        process.listen();
    }
    return *end;
}

ProcessEnd told(const ForkedProcess::End& end) {
    REQUIRE(std::holds_alternative<ProcessEnd>(end));
    return std::get<ProcessEnd>(end);
}

/// A process that has ended, and one that only waits to be asked for, count as gone.
bool is_gone(const std::string& id) {
    std::ifstream file{"/proc/" + id + "/stat"};
    std::string text;
    if (!std::getline(file, text)) return true;
    const std::size_t name_ends = text.rfind(')');
    return name_ends == text.npos || text.compare(name_ends, 3, ") Z") == 0;
}

/// What it reported, once that is a whole line; without the end of the line.
std::string first_report(ForkedProcess& process) {
    while (process.reports().text().find('\n') == std::string::npos) {
        REQUIRE_FALSE(process.poll());
        process.wait(ns_per_ms);
        process.listen();
    }
    return process.reports().text().substr(0, process.reports().text().find('\n'));
}

void wait_until_gone(const std::string& id) {
    while (!is_gone(id)) ::sched_yield();
}

}  // namespace

TEST_CASE("what a forked process writes and its exit code are told") {
    ForkServer server = make_server();
    const auto process = start(server, "speak");
    CHECK(told(end_of(*process)).exit_code == 7);
    CHECK(process->reports().text() == "to the reports\n");
    CHECK(process->output().text() == "to the output\n");
}

TEST_CASE("one that dies of a signal is told apart, and the server goes on") {
    ForkServer server = make_server();
    CHECK(told(end_of(*start(server, "abort"))).signal == SIGABRT);
    CHECK(told(end_of(*start(server, "speak"))).exit_code == 7);
}

TEST_CASE("several run at a time, and each has its own streams and nothing of the others") {
    ForkServer server = make_server();
    const auto waits = start(server, "wait with a child");
    CHECK(first_report(*waits) != "");
    std::vector<std::unique_ptr<ForkedProcess>> speak;
    for (int i = 0; i < 8; ++i) speak.push_back(start(server, "speak"));
    for (const auto& one : speak) {
        CHECK(told(end_of(*one)).exit_code == 7);
        CHECK(one->reports().text() == "to the reports\n");
    }
    CHECK(told(end_of(*start(server, "descriptors"))).exit_code == 4);
    CHECK_FALSE(waits->poll());
}

TEST_CASE("kill() ends it with what it started") {
    ForkServer server = make_server();
    const auto process = start(server, "wait with a child");
    const std::string child = first_report(*process);
    process->kill();
    CHECK(told(end_of(*process)).signal == SIGKILL);
    wait_until_gone(child);
}

TEST_CASE("what it left running ends with it") {
    ForkServer server = make_server();
    const auto process = start(server, "leave a child");
    CHECK(told(end_of(*process)).exit_code == 0);
    wait_until_gone(process->reports().text().substr(0, process->reports().text().find('\n')));
}

TEST_CASE("one that is not wanted any more ends, and so do all when the server goes") {
    std::string dropped;
    std::string left;
    {
        ForkServer server = make_server();
        auto process = start(server, "wait with a child");
        dropped = first_report(*process);
        process.reset();
        const auto other = start(server, "wait with a child");
        left = first_report(*other);
        CHECK_FALSE(is_gone(left));
    }
    wait_until_gone(dropped);
    wait_until_gone(left);
}

// While it died it took another order, which nobody ever answered.
TEST_CASE("when the server is killed its processes are lost, and the next start has another") {
    ForkServer server = make_server();
    const auto end = end_of(*start(server, "kill the server"));
    REQUIRE(std::holds_alternative<Error>(end));
    CHECK(std::get<Error>(end).message == "the process that forks others is gone");
    CHECK(told(end_of(*start(server, "speak"))).exit_code == 7);
}

TEST_CASE("more processes than may run at a time are refused, and those that run go on") {
    ForkServer server = make_server();
    std::vector<std::unique_ptr<ForkedProcess>> running;
    for (std::size_t i = 0; i < ForkServer::processes_max; ++i) {
        running.push_back(start(server, "wait with a child"));
    }
    const auto end = end_of(*start(server, "speak"));
    REQUIRE(std::holds_alternative<Error>(end));
    CHECK(std::get<Error>(end).message ==
          "cannot fork a process: Resource temporarily unavailable");
    for (const auto& one : running) CHECK(first_report(*one) != "");
    running.pop_back();
    CHECK(told(end_of(*start(server, "speak"))).exit_code == 7);
}

TEST_CASE("of reports without end the beginning is kept, and whoever writes them is not held up") {
    ForkServer server = make_server();
    const auto process = start(server, "flood");
    CHECK(told(end_of(*process)).exit_code == 0);
    CHECK(process->reports().text().size() == PipeReader::text_bytes_max);
    CHECK(process->reports().bytes() == 1024 * 1024);
}

TEST_CASE("a program that is not there is an error with its name") {
    ForkServer server{"no-such-program", {}};
    const auto process = server.start("speak");
    REQUIRE_FALSE(process);
    CHECK(process.error().message.find("no-such-program") != std::string::npos);
}
