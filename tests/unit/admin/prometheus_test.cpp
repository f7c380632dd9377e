// Prometheus text: the format's own rules for names, escapes and histograms.
#include "host/admin/prometheus.h"

#include <doctest/doctest.h>

#include <limits>

using namespace gantry::admin;

TEST_CASE("families, labels and numbers are written as the format wants them") {
    CHECK(prometheus_text({{"a_total",
                            "Counts \\ a\nthing.",
                            MetricType::counter,
                            {{{}, 3}, {{{"plugin", "arena@1.0.0#1"}, {"q", "a\"b\\c\nd"}}, 0.25}},
                            {}},
                           {"b", "", MetricType::gauge, {{{}, 1e21}}, {}}}) ==
          "# HELP a_total Counts \\\\ a\\nthing.\n# TYPE a_total counter\n"
          "a_total 3\na_total{plugin=\"arena@1.0.0#1\",q=\"a\\\"b\\\\c\\nd\"} 0.25\n"
          "# HELP b \n# TYPE b gauge\nb 1e+21\n");
}

TEST_CASE("a histogram is cumulated and ends with +Inf, sum and count") {
    CHECK(
        prometheus_text(
            {{"h", "H.", MetricType::histogram, {}, {{{{"w", "x"}}, {0.1, 1}, {2, 3, 4}, 7.5}}}}) ==
        "# HELP h H.\n# TYPE h histogram\n"
        "h_bucket{w=\"x\",le=\"0.1\"} 2\nh_bucket{w=\"x\",le=\"1\"} 5\n"
        "h_bucket{w=\"x\",le=\"+Inf\"} 9\nh_sum{w=\"x\"} 7.5\nh_count{w=\"x\"} 9\n");
}

TEST_CASE("numbers that are none have the format's names") {
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(prometheus_text({{"n",
                            "",
                            MetricType::gauge,
                            {{{}, infinity}, {{}, -infinity}, {{}, infinity - infinity}},
                            {}}}) == "# HELP n \n# TYPE n gauge\nn +Inf\nn -Inf\nn NaN\n");
}

TEST_CASE("what would make a scraper refuse the page is left out") {
    CHECK(prometheus_text({{"1a", "", MetricType::gauge, {{{}, 1}}, {}},
                           {"a b", "", MetricType::gauge, {{{}, 1}}, {}},
                           {"", "", MetricType::gauge, {{{}, 1}}, {}}}) == "");
    CHECK(prometheus_text({{"a", "", MetricType::gauge, {{{{"b:c", "x"}, {"d", "y"}}, 1}}, {}},
                           {"a", "again", MetricType::gauge, {{{}, 2}}, {}}}) ==
          "# HELP a \n# TYPE a gauge\na{d=\"y\"} 1\n");
    CHECK(prometheus_text({{"h", "", MetricType::histogram, {}, {{{}, {1, 2}, {1, 2}, 0}}}}) ==
          "# HELP h \n# TYPE h histogram\n");
}
