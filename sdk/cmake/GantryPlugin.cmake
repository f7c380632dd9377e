# gantry_add_plugin(name [VERSION x.y.z] SOURCES … [PROTO …] [FLATBUFFERS …] [LINK …] [ALLOW …] [OUTPUT name])
#
# Makes `name.so`, ready to be dropped into plugins/: hidden symbols and none that would pin it in
# memory, every symbol resolved at link time, its protobuf code in the lite form and private to it.
# After linking, the result is checked by the same rules as the host's gate.
#
# PROTO: each .proto gives <file>.pb.h and <file>.gantry.h (message ids of its options), and says in
#        the library what its messages look like, for `gantry abi old.so new.so`.
# LINK:  static libraries of your own.
# ALLOW: shared libraries that your manifest names under gate.allow_libraries, such as libc++.so.

find_package(Protobuf REQUIRED)
set(GANTRY_SDK_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

function(_gantry_plugin_protos target)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}_proto)
    file(MAKE_DIRECTORY ${out})
    foreach(proto ${ARGN})
        get_filename_component(path ${proto} ABSOLUTE)
        get_filename_component(folder ${path} DIRECTORY)
        get_filename_component(stem ${path} NAME_WE)
        add_custom_command(
            OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.gantry.h ${out}/${stem}.gantry.cc
            COMMAND protobuf::protoc --cpp_out=lite:${out} --gantry_out=${out}
                    --plugin=protoc-gen-gantry=$<TARGET_FILE:Gantry::protoc-gen-gantry>
                    -I ${folder} -I ${GANTRY_PROTO_DIR} ${path}
            DEPENDS ${path} Gantry::protoc-gen-gantry ${GANTRY_PROTO_DIR}/gantry/options.proto
            COMMENT "Generating ${stem}.pb.h and ${stem}.gantry.h")
        set(generated ${out}/${stem}.pb.cc ${out}/${stem}.gantry.cc)
        target_sources(${target} PRIVATE ${generated})
        set_source_files_properties(${generated} PROPERTIES COMPILE_OPTIONS "-w")
    endforeach()
    target_include_directories(${target} SYSTEM PRIVATE ${out})
    target_link_libraries(${target} PRIVATE protobuf::libprotobuf-lite)
endfunction()

function(_gantry_plugin_flatbuffers target)
    find_program(GANTRY_FLATC flatc REQUIRED)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}_flatbuffers)
    file(MAKE_DIRECTORY ${out})
    foreach(schema ${ARGN})
        get_filename_component(path ${schema} ABSOLUTE)
        get_filename_component(stem ${path} NAME_WE)
        add_custom_command(OUTPUT ${out}/${stem}_generated.h
            COMMAND ${GANTRY_FLATC} --cpp --gen-name-strings -o ${out} ${path} DEPENDS ${path})
        target_sources(${target} PRIVATE ${out}/${stem}_generated.h)
    endforeach()
    target_include_directories(${target} SYSTEM PRIVATE ${out})
endfunction()

# Without a build type there is neither optimization nor debug information: stacks of faults would have no
# lines, and interfaces between plugins could not be compared.
function(_gantry_plugin_build_type)
    get_property(several GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
    if(CMAKE_BUILD_TYPE OR several)
        return()
    endif()
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo" FORCE)
    message(STATUS "Gantry: CMAKE_BUILD_TYPE was not set and is RelWithDebInfo now: fast, with lines in stacks")
endfunction()

# What every library has that gantry opens, of the arguments ARG_… of `function`. It exports what `map` names.
macro(_gantry_module function name map)
    if(ARG_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${function}(${name}): what is ${ARG_UNPARSED_ARGUMENTS}?")
    endif()
    if(NOT ARG_SOURCES)
        message(FATAL_ERROR "${function}(${name}): SOURCES is empty")
    endif()
    add_library(${name} MODULE ${ARG_SOURCES})
    set_target_properties(${name} PROPERTIES
        PREFIX "" CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON
        LINK_DEPENDS ${map})
    target_compile_options(${name} PRIVATE -Wall -Wextra)
    _gantry_plugin_build_type()
    target_link_options(${name} PRIVATE -Wl,--version-script=${map} -Wl,--exclude-libs,ALL -Wl,-z,now)
    target_link_libraries(${name} PRIVATE Gantry::sdk ${ARG_LINK})
    if(ARG_PROTO)
        _gantry_plugin_protos(${name} ${ARG_PROTO})
    endif()
    if(ARG_FLATBUFFERS)
        _gantry_plugin_flatbuffers(${name} ${ARG_FLATBUFFERS})
    endif()
endmacro()

function(gantry_add_plugin name)
    cmake_parse_arguments(ARG "" "VERSION;OUTPUT" "SOURCES;PROTO;FLATBUFFERS;LINK;DEFINES;ALLOW" ${ARGN})
    _gantry_module(gantry_add_plugin ${name} ${GANTRY_SDK_CMAKE_DIR}/plugin.map)
    if(NOT ARG_OUTPUT)
        set(ARG_OUTPUT ${name})
    endif()
    set_target_properties(${name} PROPERTIES OUTPUT_NAME ${ARG_OUTPUT} SKIP_BUILD_RPATH ON)
    if(DEFINED GANTRY_PLUGIN_FOLDER)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${GANTRY_PLUGIN_FOLDER})
    endif()
    target_compile_options(${name} PRIVATE -ffunction-sections -fdata-sections)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # A unique symbol would keep the library in memory for good. And an interface has to be described
        # in the library that asks for it, too: the host and `gantry abi` compare what both mean by it.
        target_compile_options(${name} PRIVATE -fno-gnu-unique -femit-class-debug-always)
    elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        target_compile_options(${name} PRIVATE -fstandalone-debug)
    endif()
    target_link_options(${name} PRIVATE -Wl,--gc-sections -Wl,--build-id -Wl,--as-needed)
    if(NOT GANTRY_SANITIZE)
        # Sanitized code refers to the run-time of the program that loads it.
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    if(ARG_VERSION)
        target_compile_definitions(${name} PRIVATE GANTRY_PLUGIN_VERSION="${ARG_VERSION}")
    endif()
    target_compile_definitions(${name} PRIVATE ${ARG_DEFINES})
    if(TARGET Gantry::gantry AND NOT GANTRY_SANITIZE)
        list(TRANSFORM ARG_ALLOW PREPEND --allow=)
        add_custom_command(TARGET ${name} POST_BUILD
            COMMAND Gantry::gantry plugin info $<TARGET_FILE:${name}> ${ARG_ALLOW} > ${CMAKE_CURRENT_BINARY_DIR}/${name}.info
            COMMENT "Checking ${ARG_OUTPUT}.so")
    endif()
endfunction()
