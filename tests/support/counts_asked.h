// CountsAsked: a plugin whose private state is how often it was asked.
#pragma once
#include <cstdlib>
#include <string>

#include "gantry/gantry.h"

namespace gantry::test {

class CountsAsked : public WorldPlugin {
protected:
    std::string ask() { return std::to_string(++asked_); }
    void save_state(StateWriter& writer) override {
        const std::string text = std::to_string(asked_);
        writer.put("asked", Bytes{std::string_view{text}});
    }
    void restore_state(StateReader& reader) override {
        asked_ = std::atoi(std::string{reader.get("asked").text()}.c_str());
    }

private:
    int asked_ = 0;
};

}  // namespace gantry::test
