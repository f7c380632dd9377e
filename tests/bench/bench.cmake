# gantry_bench(name SOURCES … LINK …): one benchmark program of tests/bench/<folder>/CMakeLists.txt, run by tests/bench/run.
#
# It prints one JSON object a line: {"name": …, "value": …, "unit": …, "baseline": …, "ratio": …}.
function(gantry_bench name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_executable(bench_${name} ${ARG_SOURCES})
    target_link_libraries(bench_${name} PRIVATE gantry_options gantry_core ${ARG_LINK})
    set_target_properties(bench_${name} PROPERTIES OUTPUT_NAME ${name}
                          RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endfunction()
