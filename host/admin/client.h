// AdminClient: one blocking request to a running host's admin listener, for the command line.
#pragma once
#include <cstdint>
#include <string>

#include "host/core/result.h"

namespace gantry::admin {

struct AdminReply {
    int status = 0;    ///< of HTTP
    std::string body;  ///< JSON, or text of /metrics
};

class AdminClient {
public:
    /// `url` as in RuntimeInfo: http:// and an address with port.
    AdminClient(std::string url, std::string token);

    /// An error when nobody answers within `timeout_ms`; an HTTP refusal is a reply.
    Result<AdminReply> get(const std::string& path, std::uint32_t timeout_ms = 5'000) const;
    Result<AdminReply> post(const std::string& path, const std::string& json,
                            std::uint32_t timeout_ms = 70'000) const;

private:
    std::string url_;
    std::string token_;
};

}  // namespace gantry::admin
