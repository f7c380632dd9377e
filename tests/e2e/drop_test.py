#!/usr/bin/env python3
# The drop folder of a running host: libraries that come, change, lie half-written there, and go.
"""By ctest, or by hand: tests/e2e/drop_test.py."""
import os
import shutil
import unittest

from host_process import HostProcess, Sandbox, library, main, wait_until

UNLOAD_AFTER_MS = 600


class DropFolder(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)

    def manifest(self, plugins=(), on_drop="load"):
        return self.sandbox.write("manifest.json", {
            "name": "drops",
            "listeners": [{"name": "frames", "world": "world"}],
            "worlds": [{"name": "world"}],
            "plugins": [{"probation_ms": 0, **one} for one in plugins],
            "drop": {"folder": self.sandbox.plugins, "on_drop": on_drop, "unload_after_ms": UNLOAD_AFTER_MS},
        })

    def optional(self, *names):
        return [{"name": name, "required": False} for name in names]

    def path(self, name):
        return os.path.join(self.sandbox.plugins, name)

    def version(self, host, plugin):
        return host.admin.plugins().get(plugin, {}).get("version")

    def content(self, name):
        with open(library(name), "rb") as file:
            return file.read()

    def wait_version(self, host, plugin, version):
        wait_until(f"{plugin} is {version}", lambda: self.version(host, plugin) == version)

    def all_is_well(self, host):
        """It still serves, and has let nothing leak."""
        self.assertEqual(host.admin.ask("/health", token="")[0], 200)
        self.assertEqual(host.admin.metrics()["gantry_libraries_leaked_total"], 0)


class Coming(DropFolder):
    def test_a_library_that_is_slowly_written_is_loaded_once_and_only_when_it_is_whole(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            data = self.content("arena.so")

            def refusals():
                return sum("drop: refused: " in line and "arena.so" in line for line in host.log().splitlines())

            with open(self.path("arena.so"), "wb", buffering=0) as file:
                # Each part lies there until the host takes the file for settled and looks at it.
                for part in range(5):
                    file.write(data[len(data) * part // 5:len(data) * (part + 1) // 5])
                    if part < 4:
                        wait_until("the part is refused", lambda: refusals() > part)  # noqa: B023
                        self.assertEqual(host.admin.plugins(), {})
                        self.assertEqual(host.mapped(), [])
            self.wait_version(host, "arena", "1.0.0")
            self.assertEqual(host.generations("arena"), [1])
            self.assertEqual(host.admin.plugins()["arena"]["generation"], 1)
            self.all_is_well(host)

    def test_a_text_file_named_so_is_refused_and_listed_with_its_reason(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest([{"name": "arena"}])) as host:
            for name in ("notes.so", "arena-9.so"):
                with open(self.path(name), "w", encoding="utf-8") as file:
                    file.write("not a library\n")
                host.wait_log(f"{name}: not a shared library")
            wait_until("both are listed", lambda: sum("not a shared library" in str(one.get("error"))
                                                      for one in host.admin.candidates()) == 2)
            self.assertEqual(list(host.admin.plugins()), ["arena"])
            self.assertEqual(host.generations("arena"), [1])
            self.all_is_well(host)

    def test_a_text_file_over_the_running_library_leaves_it_running(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest([{"name": "arena"}])) as host:
            with open(self.path("arena.so"), "w", encoding="utf-8") as file:
                file.write("not a library\n")
            host.wait_log("arena.so: not a shared library")
            self.assertEqual(self.version(host, "arena"), "1.0.0")
            self.assertEqual(host.generations("arena"), [1])
            self.sandbox.add_plugin("arena-2.so", "arena.so")
            self.wait_version(host, "arena", "2.0.0")
            self.all_is_well(host)

    def test_other_files_folders_and_links_do_not_count(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            os.mkdir(self.path("folder.so"))
            shutil.copy(library("arena.so"), self.path("arena.so.part"))
            os.symlink(library("arena.so"), self.path("link.so"))
            self.sandbox.add_plugin("chat_filter.so")
            self.wait_version(host, "chat_filter", "1.0.0")
            self.assertEqual(list(host.admin.plugins()), ["chat_filter"])
            self.all_is_well(host)


class Changing(DropFolder):
    def test_overwriting_the_file_swaps_and_the_old_library_leaves_the_process(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest([{"name": "arena"}])) as host:
            generation = 1
            for name, version in (("arena-2.so", "2.0.0"), ("arena.so", "1.0.0")) * 3:
                self.sandbox.add_plugin(name, "arena.so")
                self.wait_version(host, "arena", version)
                generation += 1
                wait_until("the old library has left",
                           lambda: host.generations("arena") == [generation])  # noqa: B023
            samples = host.admin.metrics()
            self.assertEqual(samples["gantry_libraries_unmapped_total"], 6)
            self.all_is_well(host)

    # It was refused for the probation, and then forgotten.
    def test_a_file_that_comes_during_a_probation_is_taken_when_that_is_over(self):
        self.sandbox.add_plugin("faulty.so")
        manifest = self.manifest([{"name": "faulty", "required": False, "probation_ms": 1000}])
        with HostProcess(self.sandbox, manifest) as host:
            self.wait_version(host, "faulty", "1.0.0")
            self.sandbox.add_plugin("faulty-2.so", "faulty.so")
            self.wait_version(host, "faulty", "2.0.0")
            self.sandbox.add_plugin("faulty.so")
            wait_until("the file waits", lambda: "waits until the probation" in host.log())
            self.wait_version(host, "faulty", "1.0.0")
            self.all_is_well(host)

    def test_writing_into_the_file_in_place_does_not_disturb_what_runs(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest([{"name": "arena"}])) as host:
            with open(self.path("arena.so"), "r+b") as file:
                file.truncate(0)
                file.write(self.content("arena-2.so"))
            self.wait_version(host, "arena", "2.0.0")
            self.all_is_well(host)

    def test_the_same_library_again_changes_nothing(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest([{"name": "arena"}])) as host:
            os.utime(self.path("arena.so"))
            self.sandbox.add_plugin("arena.so")
            self.sandbox.add_plugin("chat_filter.so")  # comes later, so what was before it has been looked at
            self.wait_version(host, "chat_filter", "1.0.0")
            self.assertEqual(host.admin.plugins()["arena"]["generation"], 1)

    def test_staged_versions_wait_until_they_are_asked_for(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest([{"name": "arena"}], "stage")) as host:
            self.sandbox.add_plugin("arena-2.so")
            self.sandbox.add_plugin("arena-3.so")
            wait_until("all three are candidates",
                       lambda: sorted(one["version"] for one in host.admin.candidates()) ==
                       ["1.0.0", "2.0.0", "3.0.0"])
            self.assertEqual(self.version(host, "arena"), "1.0.0")
            code, out, _ = self.sandbox.gantry("plugins")
            self.assertEqual(code, 0)
            self.assertIn("arena@2.0.0", out)
            code, out, error = self.sandbox.gantry("swap", "arena@2.0.0")
            self.assertEqual(code, 0, error)
            self.assertEqual(self.version(host, "arena"), "2.0.0")
            status, answer = host.admin.swap("arena", "7.0.0")
            self.assertEqual(status, 404)
            self.assertRegex(answer["error"], r"there is no arena@7\.0\.0 in .*; it has \d\.0\.0, \d\.0\.0, \d\.0\.0$")
            self.all_is_well(host)

    def test_with_ignore_a_dropped_file_is_left_alone(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest([{"name": "arena"}], "ignore")) as host:
            self.sandbox.add_plugin("arena-2.so", "arena.so")
            wait_until("it is seen", lambda: [one["version"] for one in host.admin.candidates()] == ["2.0.0"])
            self.assertEqual(self.version(host, "arena"), "1.0.0")


class Going(DropFolder):
    def test_a_removed_library_is_unloaded_after_a_while_and_comes_back_when_it_is_dropped_again(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest(self.optional("arena"))) as host:
            os.remove(self.path("arena.so"))
            wait_until("it is unloaded", lambda: not host.admin.plugins())
            wait_until("its library has left", lambda: host.mapped() == [])
            self.sandbox.add_plugin("arena.so")
            self.wait_version(host, "arena", "1.0.0")
            self.assertEqual(host.generations("arena"), [2])
            self.all_is_well(host)

    def test_a_file_that_is_gone_only_for_a_moment_is_replaced_not_unloaded(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest(self.optional("arena"))) as host:
            os.remove(self.path("arena.so"))
            wait_until("its absence is seen", lambda: not host.admin.candidates())
            self.sandbox.add_plugin("arena-2.so", "arena.so")
            self.wait_version(host, "arena", "2.0.0")
            self.assertNotIn("unloading", host.log())
            self.all_is_well(host)

    def test_one_that_others_depend_on_stays_until_they_have_gone(self):
        self.sandbox.add_plugin("chat_filter.so")
        self.sandbox.add_plugin("dependent.so")
        with HostProcess(self.sandbox, self.manifest(self.optional("dependent", "chat_filter"))) as host:
            self.assertEqual(sorted(host.admin.plugins()), ["chat_filter", "dependent"])
            os.remove(self.path("chat_filter.so"))
            host.wait_log("stays loaded: dependent@1.0.0#1 depends on it")
            self.assertEqual(sorted(host.admin.plugins()), ["chat_filter", "dependent"])
            os.remove(self.path("dependent.so"))
            wait_until("both leave", lambda: not host.admin.plugins())
            wait_until("both libraries have left", lambda: host.mapped() == [])
            self.all_is_well(host)

    def test_a_staged_file_that_was_gone_for_a_moment_does_not_unload_what_runs(self):
        # Its return was only listed, so the absence went on counting and the plugin was unloaded.
        self.sandbox.add_plugin("arena.so")
        self.sandbox.add_plugin("chat_filter.so")
        with HostProcess(self.sandbox, self.manifest(self.optional("arena", "chat_filter"), "stage")) as host:
            def versions():
                return sorted(one["version"] for one in host.admin.candidates() if one["name"] == "arena")

            os.remove(self.path("arena.so"))
            wait_until("its absence is seen", lambda: versions() == [])
            self.sandbox.add_plugin("arena-2.so", "arena.so")
            wait_until("its return is seen", lambda: versions() == ["2.0.0"])
            # Its absence began before that of this one, so it would be unloaded first.
            os.remove(self.path("chat_filter.so"))
            wait_until("what went later is unloaded", lambda: "chat_filter" not in host.admin.plugins())
            self.assertEqual(self.version(host, "arena"), "1.0.0")
            self.all_is_well(host)

    def test_what_was_dropped_in_is_told_at_the_next_start_when_the_manifest_does_not_name_it(self):
        self.sandbox.add_plugin("arena.so")
        manifest = self.manifest([{"name": "arena"}])
        with HostProcess(self.sandbox, manifest) as host:
            self.sandbox.add_plugin("chat_filter.so")
            self.wait_version(host, "chat_filter", "1.0.0")
        with HostProcess(self.sandbox, manifest) as host:
            host.wait_log("lies also what the manifest does not name: chat_filter; gantry swap NAME loads it")
            self.assertEqual(list(host.admin.plugins()), ["arena"])
            code, _, complaint = self.sandbox.gantry("swap", "chat_filter")
            self.assertEqual(code, 0, complaint)
            self.all_is_well(host)

    def test_a_required_one_stays(self):
        self.sandbox.add_plugin("arena.so")
        self.sandbox.add_plugin("chat_filter.so")
        plugins = [{"name": "arena", "required": True}, *self.optional("chat_filter")]
        with HostProcess(self.sandbox, self.manifest(plugins)) as host:
            os.remove(self.path("arena.so"))
            os.remove(self.path("chat_filter.so"))
            wait_until("the optional one leaves", lambda: list(host.admin.plugins()) == ["arena"])
            host.wait_log("arena was removed from the folder but stays loaded: the manifest requires it")
            self.assertEqual(host.generations("arena"), [1])
            self.all_is_well(host)

    def test_a_plugin_whose_use_is_optional_may_leave_its_user(self):
        self.sandbox.add_plugin("chat.so")
        self.sandbox.add_plugin("chat_filter.so")
        with HostProcess(self.sandbox, self.manifest(self.optional("chat", "chat_filter"))) as host:
            os.remove(self.path("chat_filter.so"))
            wait_until("the filter leaves", lambda: list(host.admin.plugins()) == ["chat"])
            wait_until("its library has left", lambda: host.generations("chat_filter") == [])
            self.sandbox.add_plugin("chat_filter.so")
            self.wait_version(host, "chat_filter", "1.0.0")
            self.all_is_well(host)



class Removing(DropFolder):
    def gantry(self, *arguments):
        code, out, complaint = self.sandbox.gantry(*arguments)
        return code, out + complaint

    def refused(self, *arguments, says):
        code, out = self.gantry(*arguments)
        self.assertNotEqual(code, 0, out)
        self.assertIn(says, out)

    def test_what_was_swapped_in_by_mistake_is_taken_out_again(self):
        self.sandbox.add_plugin("arena.so")
        with HostProcess(self.sandbox, self.manifest([{"name": "arena"}], on_drop="stage")) as host:
            swapped = self.sandbox.add_plugin("chat_filter.so")
            code, out = self.gantry("swap", swapped)
            self.assertEqual(code, 0, out)
            self.assertIn("chat_filter was not loaded before: it joins world world; gantry remove chat_filter takes it out "
                          "again", out)
            code, out = self.gantry("remove", "chat_filter")
            self.assertEqual(code, 0, out)
            self.assertIn("removed: chat_filter@1.0.0#", out)
            self.assertEqual(list(host.admin.plugins()), ["arena"])
            wait_until("it has left the memory", lambda: host.generations("chat_filter") == [])
            self.refused("remove", "chat_filter", says="chat_filter is not loaded")
            self.refused("remove", "aerna", says='did you mean "arena"')
            self.refused("remove", "arena", says="stays: the manifest requires it")
            # The folder, which looks at a file when it has settled, does not bring it back.
            self.sandbox.add_plugin("chat.so")
            wait_until("the folder was looked at", lambda: list(host.admin.plugins()) == ["arena", "chat"])
            self.all_is_well(host)

    def test_one_that_another_needs_stays(self):
        for name in ("chat_filter.so", "dependent.so"):
            self.sandbox.add_plugin(name)
        with HostProcess(self.sandbox, self.manifest(self.optional("chat_filter", "dependent"))) as host:
            self.refused("remove", "chat_filter", says="chat_filter@1.0.0#1 stays: dependent@1.0.0#1 depends on it")
            self.assertEqual(self.gantry("remove", "dependent")[0], 0)
            self.assertEqual(self.gantry("remove", "chat_filter")[0], 0)
            wait_until("both have left the memory", lambda: host.mapped() == [])
            self.all_is_well(host)


if __name__ == "__main__":
    main()
