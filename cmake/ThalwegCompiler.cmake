# How everything is compiled: thalweg_compiler, and the tools that make it quick (ccache, mold) where they are.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What was compiled in one build folder or checkout is found again in another.
  set(launcher env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1)
  if(THALWEG_PRECOMPILED) # without these words it caches nothing that reads a precompiled header
    list(APPEND launcher CCACHE_SLOPPINESS=pch_defines,time_macros)
  endif()
  list(APPEND launcher "${CCACHE_PROGRAM}")
  set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
endif()
find_program(MOLD_PROGRAM mold)

add_library(thalweg_compiler INTERFACE)
target_compile_features(thalweg_compiler INTERFACE cxx_std_20)
target_compile_options(thalweg_compiler INTERFACE -Wall -Wextra $<$<BOOL:${THALWEG_WERROR}>:-Werror>)
# Paths in asserts and logs are those of the repository, whoever builds; ccache hits across checkouts too.
target_compile_options(thalweg_compiler INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

set(THALWEG_TEST_SLOWDOWN 1)
set(THALWEG_TEST_ENVIRONMENT "")
if(THALWEG_SANITIZE)
  target_compile_options(thalweg_compiler INTERFACE -fsanitize=${THALWEG_SANITIZE} -fno-omit-frame-pointer)
  target_compile_definitions(thalweg_compiler INTERFACE THALWEG_SANITIZED=1)
  add_link_options(-fsanitize=${THALWEG_SANITIZE})
  if(THALWEG_SANITIZE MATCHES "undefined")
    target_compile_options(thalweg_compiler INTERFACE -fno-sanitize-recover=undefined)
  endif()
  set(THALWEG_TEST_SLOWDOWN 5)
  set(supp "${PROJECT_SOURCE_DIR}/cmake/sanitizer")
  set(THALWEG_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
    "LSAN_OPTIONS=suppressions=${supp}/lsan.supp:print_suppressions=0"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=suppressions=${supp}/tsan.supp:halt_on_error=0:second_deadlock_stack=1:history_size=4")
endif()
