# The headers that nearly every file reads, read once a build and not once a file:
#
#   thalweg_precompiled(<target> library|tests)
#
# Only with THALWEG_PRECOMPILED, which the presets with sanitizers have. Every file must still include what it uses; that is seen in all
# other presets, of which .ci/run builds one first. None of them is ours: files have names of their own that are ours elsewhere, as Clock.

set(THALWEG_PRECOMPILED_library <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <functional> <map> <memory> <mutex> <optional> <span>
  <string> <string_view> <thread> <unordered_map> <utility> <vector> <fmt/format.h>)
set(THALWEG_PRECOMPILED_tests ${THALWEG_PRECOMPILED_library} <condition_variable> <filesystem> <fstream> <future> <set>
  <gmock/gmock.h> <gtest/gtest.h>)

function(thalweg_precompiled target kind)
  set(owner thalweg_precompiled_${kind})
  if(NOT THALWEG_PRECOMPILED)
    return()
  endif()
  if(NOT "${target}" STREQUAL "${owner}")
    target_precompile_headers(${target} REUSE_FROM ${owner})
    return()
  endif()
  target_precompile_headers(${owner} PRIVATE ${THALWEG_PRECOMPILED_${kind}})
  # Paths of this build are in what comes of it: it must not be taken from another's ccache.
  set_target_properties(${owner} PROPERTIES CXX_COMPILER_LAUNCHER "")
endfunction()

if(THALWEG_PRECOMPILED)
  # All that share such a header are compiled with the same words. These are the ones that only some would have.
  target_compile_options(thalweg_compiler INTERFACE -pthread -ffp-contract=off)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang") # else the times of files are in it, which ccache cannot compare
    target_compile_options(thalweg_compiler INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()
