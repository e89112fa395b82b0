# Finds what libthalweg links, for the build and, installed, for find_package(thalweg).
# docs/dependencies.md says what each is for. librdkafka is apart: see ThalwegRdkafka.cmake.

include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(spdlog)
find_dependency(simdjson)
find_dependency(yaml-cpp)
find_dependency(prometheus-cpp COMPONENTS core)
find_dependency(ICU COMPONENTS uc i18n)
find_dependency(OpenSSL COMPONENTS Crypto)
find_dependency(PkgConfig)
if(NOT TARGET PkgConfig::thalweg_re2)
  pkg_check_modules(thalweg_re2 REQUIRED QUIET IMPORTED_TARGET GLOBAL re2)
endif()
