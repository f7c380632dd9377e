# WithFaulty: a host with the plugin faulty, whose second version does whatever evil it is asked for.
import glob
import json
import unittest

from host_process import Sandbox, wait_until


class WithFaulty(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        self.sandbox.add_plugin("faulty.so")
        self.sandbox.add_plugin("faulty-2.so")

    def manifest(self, **plugin):
        return self.sandbox.write("manifest.json", {
            "name": "faults", "workers": 2,
            "listeners": [{"name": "players", "world": "world"}, {"name": "others", "world": "other"}],
            "worlds": [{"name": "world", "plugins": ["faulty"], "worker": 0, "tick_hz": 100},
                       {"name": "other", "worker": 1, "tick_hz": 100}],
            "plugins": [{"name": "faulty", "probation_ms": 60000, "rollback_when": {"memory_growth_mb": 50},
                         **plugin}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": self.sandbox.path("incidents"), "stuck_ms": 300},
        })

    def swap(self, host, version="2.0.0"):
        status, report = host.admin.swap("faulty", version)
        self.assertEqual((status, report.get("outcome")), (200, "committed"), report)

    def plugin(self, host):
        return host.admin.plugins()["faulty"]

    def wait_back(self, host):
        wait_until("version 1.0.0 is back",
                   lambda: (self.plugin(host)["version"], self.plugin(host)["state"]) == ("1.0.0", "active"))

    def incidents(self, kind):
        found = []
        for path in sorted(glob.glob(self.sandbox.path("incidents") + "/*.json")):
            try:
                with open(path, encoding="utf-8") as file:
                    found.append(json.load(file))
            except json.JSONDecodeError:  # still being written
                return []
        return [one for one in found if one["kind"] == kind]

    def wait_incident(self, kind, number):
        return wait_until("the incident is told", lambda: self.incidents(kind)[number - 1:])[0]
