// prometheus.h: metrics as Prometheus' text exposition format 0.0.4.
#pragma once
#include <string>
#include <vector>

#include "host/admin/backend.h"

namespace gantry::admin {

inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// A family or a label whose name the format does not allow is left out.
std::string prometheus_text(const std::vector<MetricFamily>& families);

}  // namespace gantry::admin
