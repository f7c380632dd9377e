# gantry_add_plugin_test(name SOURCES … PLUGINS … [PROTO …] [FLATBUFFERS …] [LINK …] [ALLOW …])
#
# Makes `name.so` of sources that include <gantry/test.h> and <doctest/doctest.h>, and a test of ctest that has
# `gantry test` run it. Call enable_testing() before, in the CMakeLists.txt at the top.
#
# PLUGINS: targets of gantry_add_plugin; the tests mean them by these names.
# The others are as in gantry_add_plugin; PROTO and FLATBUFFERS give the tests the messages, too.

function(_gantry_find_doctest name)
    find_package(doctest QUIET)
    if(NOT TARGET doctest::doctest)
        message(FATAL_ERROR "gantry_add_plugin_test(${name}): doctest is not installed, of which tests are made: "
                            "the package doctest-dev of Debian and Ubuntu, or -Ddoctest_DIR=FOLDER with its "
                            "doctestConfig.cmake")
    endif()
endfunction()

function(gantry_add_plugin_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;PLUGINS;PROTO;FLATBUFFERS;LINK;ALLOW" ${ARGN})
    if(NOT CMAKE_TESTING_ENABLED)
        message(FATAL_ERROR "gantry_add_plugin_test(${name}): ctest would not find it: call enable_testing() before, "
                            "in the CMakeLists.txt at the top")
    endif()
    _gantry_find_doctest(${name})

    _gantry_module(gantry_add_plugin_test ${name} ${GANTRY_SDK_CMAKE_DIR}/plugin_test.map)
    target_sources(${name} PRIVATE ${GANTRY_SDK_CMAKE_DIR}/plugin_test_main.cpp)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
    target_link_libraries(${name} PRIVATE doctest::doctest)

    set(options "")
    foreach(plugin ${ARG_PLUGINS})
        if(NOT TARGET ${plugin})
            message(FATAL_ERROR "gantry_add_plugin_test(${name}): there is no target ${plugin}; "
                                "call gantry_add_plugin(${plugin} …) before")
        endif()
        add_dependencies(${name} ${plugin})
        list(APPEND options --plugin ${plugin}=$<TARGET_FILE:${plugin}>)
    endforeach()
    list(TRANSFORM ARG_ALLOW PREPEND --allow=)
    add_test(NAME ${name} COMMAND Gantry::gantry test $<TARGET_FILE:${name}> ${options} ${ARG_ALLOW})
endfunction()
