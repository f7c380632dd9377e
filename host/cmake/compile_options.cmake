# Flags that every target of this tree is built with.
add_library(gantry_options INTERFACE)
target_include_directories(gantry_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(gantry_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wno-sign-conversion
                       -fno-omit-frame-pointer)
# Stacks with lines are what the host's own debug information is for; types and variables cost a third of the time of a
# build. CMAKE_BUILD_TYPE=Debug has them all, and plugins always do.
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR GANTRY_SANITIZE)
    target_compile_options(gantry_options INTERFACE -g1)
endif()
find_package(Threads REQUIRED)
target_link_libraries(gantry_options INTERFACE Threads::Threads)

# Asio 1.22 knows only the old coroutine proposal for clang; these two name the standard's.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_definitions(gantry_options INTERFACE ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE)
endif()

if(GANTRY_SANITIZE)
    add_compile_options(-fsanitize=${GANTRY_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${GANTRY_SANITIZE})
    # Asio puts a fence around its handlers, which g++ says ThreadSanitizer does not see; the queue's mutex it does see.
    if(GANTRY_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-Wno-tsan)
    endif()
endif()
if(GANTRY_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
    add_link_options(-fsanitize=address,undefined)
endif()

# A library of the host: `gantry_host_library(net SOURCES … LINK …)` makes gantry_net. It goes into programs only, and
# code for them reaches a thread's own variables, and calls, in fewer instructions than code for shared libraries.
function(gantry_host_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
    add_library(gantry_${name} STATIC ${ARG_SOURCES})
    set_target_properties(gantry_${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(gantry_${name} PRIVATE -fPIE)
    target_link_libraries(gantry_${name} PUBLIC gantry_options gantry_sdk ${ARG_LINK}
                          PRIVATE ${ARG_PRIVATE_LINK})
endfunction()
