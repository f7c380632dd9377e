# Libraries from the distribution's packages. Each folder links only what host/ARCHITECTURE.md allows it.
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Protobuf REQUIRED)
find_package(ZLIB REQUIRED)
find_package(wslay REQUIRED)
find_package(FlatBuffers REQUIRED)
find_library(DW_LIBRARY dw REQUIRED)  # stacks of plugins that faulted, in host/platform
find_package(OpenSSL REQUIRED COMPONENTS Crypto)  # hashes and signatures of libraries
find_package(Boost REQUIRED)  # headers only: Boost.DLL in host/platform, the HTTP parser in host/net

find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
add_library(gantry_asio INTERFACE)
target_include_directories(gantry_asio SYSTEM INTERFACE ${ASIO_INCLUDE_DIR})
target_compile_definitions(gantry_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
