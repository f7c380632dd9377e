# gantry_fuzzer(name SOURCES … LINK …): one fuzz target of tests/fuzz/<folder>/CMakeLists.txt.
#
# The source defines LLVMFuzzerTestOneInput. With GANTRY_FUZZ (clang, preset fuzz) it is linked with libFuzzer and its ctest
# entry runs for GANTRY_FUZZ_SECONDS of the environment (10 when unset). With GANTRY_TESTS it is linked with a main that feeds
# it files, and its ctest entry replays the corpus. The corpus is tests/fuzz/<folder>/corpus/<name>/.
function(gantry_fuzzer name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    add_executable(fuzz_${name} ${ARG_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE gantry_options gantry_core ${ARG_LINK})
    set_target_properties(fuzz_${name} PROPERTIES
                          RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/fuzz)
    if(NOT TARGET fuzzers)
        add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers fuzz_${name})
    if(GANTRY_FUZZ)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        # New inputs go to the build folder; the checked-in corpus is only read.
        set(found ${CMAKE_BINARY_DIR}/tests/fuzz/found/${name})
        file(MAKE_DIRECTORY ${found})
        add_test(NAME libfuzzer.${name} COMMAND sh -c "exec $<TARGET_FILE:fuzz_${name}> \
-max_total_time=\${GANTRY_FUZZ_SECONDS:-10} -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
-artifact_prefix=${found}/ ${found} ${corpus}")
        set_tests_properties(libfuzzer.${name} PROPERTIES TIMEOUT 0 LABELS fuzz)
    else()
        target_sources(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cpp)
        add_test(NAME ${test_prefix}corpus.${name} COMMAND fuzz_${name} ${corpus})
        set_tests_properties(${test_prefix}corpus.${name} PROPERTIES TIMEOUT 120 LABELS corpus)
    endif()
endfunction()
