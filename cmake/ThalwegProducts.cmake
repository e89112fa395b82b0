# What is made of the rooms: the library, the test kit, the binary, examples, benchmarks, fuzzers, the installed tree.

# --- libthalweg --------------------------------------------------------------------------------------------------

set(THALWEG_PUBLIC_LIBS fmt::fmt spdlog::spdlog Threads::Threads)
set(THALWEG_PRIVATE_LIBS yaml-cpp simdjson::simdjson OpenSSL::Crypto ICU::uc ICU::i18n PkgConfig::thalweg_re2 prometheus-cpp::core
  thalweg::rdkafka ${CMAKE_DL_LIBS})

add_library(thalweg "${PROJECT_SOURCE_DIR}/cmake/empty.cpp")
add_library(thalweg::thalweg ALIAS thalweg)
foreach(room IN LISTS THALWEG_LIBRARY_ROOMS)
  target_sources(thalweg PRIVATE $<TARGET_OBJECTS:thalweg_${room}>)
endforeach()
target_compile_features(thalweg PUBLIC cxx_std_20)
target_include_directories(thalweg PUBLIC
  "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>"
  "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_link_libraries(thalweg PUBLIC ${THALWEG_PUBLIC_LIBS} PRIVATE ${THALWEG_PRIVATE_LIBS})
target_link_libraries(thalweg PRIVATE $<BUILD_INTERFACE:thalweg_compiler>)

# --- the binary --------------------------------------------------------------------------------------------------

file(GLOB main CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cli/main.cpp")
if(main)
  add_executable(thalweg-cli ${main} $<TARGET_OBJECTS:thalweg_cli>)
  set_target_properties(thalweg-cli PROPERTIES OUTPUT_NAME thalweg)
  target_include_directories(thalweg-cli PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(thalweg-cli PRIVATE thalweg thalweg_compiler PkgConfig::thalweg_httplib)
  install(TARGETS thalweg-cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

# --- tests of whole pipelines, run by the binary itself -------------------------------------------------------------

if(THALWEG_BUILD_TESTS AND TARGET thalweg-cli)
  if(TARGET test_cli)
    add_dependencies(test_cli thalweg-cli) # they run it
  endif()
  # tests/golden/<name>/pipeline.yaml with its cases, and the examples with theirs (those load TensorFlow).
  file(GLOB goldens CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/tests/golden/*/pipeline.yaml")
  file(GLOB cases CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/examples/*/*.cases.yaml")
  foreach(pipeline IN LISTS goldens cases)
    string(REPLACE ".cases.yaml" ".yaml" pipeline "${pipeline}")
    get_filename_component(name "${pipeline}" DIRECTORY)
    string(REGEX REPLACE "^tests/" "" name "${name}")
    string(REPLACE "/" "." name "${name}")
    if(name MATCHES "^examples")
      if(THALWEG_SANITIZE)
        continue() # TensorFlow is left out of these
      endif()
      set(label native)
    else()
      set(label golden)
    endif()
    add_test(NAME ${name} COMMAND thalweg-cli test "${pipeline}" WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    # 4: something outside is missing, the runtime's library.
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 120 PROCESSORS 2 SKIP_RETURN_CODE 4
      ENVIRONMENT "${THALWEG_TEST_ENVIRONMENT}")
  endforeach()
endif()

# --- examples, benchmarks: one executable per file -----------------------------------------------------------------

function(thalweg_executables prefix folder)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    get_filename_component(parent "${source}" DIRECTORY)
    get_filename_component(parent "${parent}" NAME)
    if(prefix STREQUAL "example") # examples/tweets/tweets.cpp is example_tweets, examples/tweets/x.cpp example_tweets_x
      if(name STREQUAL parent)
        set(name "${parent}")
      else()
        set(name "${parent}_${name}")
      endif()
    endif()
    add_executable(${prefix}_${name} "${source}")
    target_link_libraries(${prefix}_${name} PRIVATE thalweg_compiler thalweg ${ARGN})
  endforeach()
endfunction()

if(THALWEG_BUILD_EXAMPLES)
  thalweg_executables(example "examples/*/*.cpp") # sees the public headers only, as a user does
  # examples/<name>/test.cpp is a test of <name>.yaml; 4 says that the runtime's library is missing.
  file(GLOB tested CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*/test.cpp")
  foreach(source IN LISTS tested)
    get_filename_component(folder "${source}" DIRECTORY)
    get_filename_component(name "${folder}" NAME)
    if(THALWEG_BUILD_TESTS AND NOT THALWEG_SANITIZE)
      add_test(NAME examples.${name}.test_in_cpp COMMAND example_${name}_test ${name}.yaml WORKING_DIRECTORY "${folder}")
      set_tests_properties(examples.${name}.test_in_cpp PROPERTIES LABELS native TIMEOUT 120 PROCESSORS 2 SKIP_RETURN_CODE 4
        ENVIRONMENT "${THALWEG_TEST_ENVIRONMENT}")
    endif()
  endforeach()
endif()
if(THALWEG_BUILD_BENCH)
  # bench/load/, bench/versions/: one program each. bench/gate/: one a stage, under callgrind. None needs Google Benchmark.
  file(GLOB load CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/load/*.cpp")
  add_executable(bench_load ${load})
  target_link_libraries(bench_load PRIVATE thalweg_compiler thalweg thalweg_basics thalweg::rdkafka)
  file(GLOB versions CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/versions/*.cpp")
  add_executable(bench_versions ${versions})
  target_link_libraries(bench_versions PRIVATE thalweg_compiler thalweg thalweg_basics)
  thalweg_executables(gate "bench/gate/*.cpp" thalweg_basics simdjson::simdjson)
  thalweg_executables(peer "bench/peers/*/*.cpp") # the library's contestants: public headers only
  find_package(benchmark QUIET)
  if(benchmark_FOUND)
    thalweg_executables(bench "bench/micro/*.cpp" thalweg_basics thalweg::rdkafka simdjson::simdjson
      benchmark::benchmark)
  else()
    message(STATUS "Google Benchmark is not installed: bench/micro is left out")
  endif()
endif()

# --- fuzzers -----------------------------------------------------------------------------------------------------------

# `thalweg dead` shows what strangers wrote; the library does not hold the commands.
set(cli_for_fuzz "")
foreach(name IN ITEMS base64 dead_letter dead_view terminal)
  list(APPEND cli_for_fuzz "${PROJECT_SOURCE_DIR}/cli/${name}.cpp")
endforeach()
if(THALWEG_BUILD_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "fuzz/: libFuzzer comes with clang; got ${CMAKE_CXX_COMPILER_ID}. Use the preset 'fuzz'.")
  endif()
  thalweg_executables(fuzz "fuzz/*_fuzz.cpp" thalweg_basics simdjson::simdjson PkgConfig::thalweg_re2 -fsanitize=fuzzer)
  target_sources(fuzz_dead_letter_fuzz PRIVATE ${cli_for_fuzz})
elseif(THALWEG_BUILD_TESTS AND NOT THALWEG_SANITIZE MATCHES "thread") # they have no threads
  # Without clang: one program that gives each target the inputs kept in fuzz/corpus/. In ctest they are fuzz.<name>.
  add_executable(replay_corpus fuzz/replay.cpp ${cli_for_fuzz})
  target_link_libraries(replay_corpus PRIVATE thalweg_compiler thalweg thalweg_basics simdjson::simdjson PkgConfig::thalweg_re2)
  target_include_directories(replay_corpus PRIVATE "${PROJECT_BINARY_DIR}/fuzz")
  file(GLOB fuzzers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fuzz/*_fuzz.cpp")
  set(table "")
  foreach(source IN LISTS fuzzers)
    get_filename_component(name "${source}" NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name "${name}")
    string(APPEND table "THALWEG_FUZZ_TARGET(${name})\n")
    target_sources(replay_corpus PRIVATE "${source}")
    set_source_files_properties("${source}" PROPERTIES COMPILE_DEFINITIONS "LLVMFuzzerTestOneInput=thalweg_fuzz_${name}")
    add_test(NAME fuzz.${name} COMMAND replay_corpus ${name} "${PROJECT_SOURCE_DIR}/fuzz/corpus/${name}")
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120 PROCESSORS 2 ENVIRONMENT "${THALWEG_TEST_ENVIRONMENT}")
  endforeach()
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/fuzz/fuzz_targets.inc" CONTENT "${table}" @ONLY)
endif()

# --- libraries of custom TensorFlow operations, for the tests ----------------------------------------------------------

# tests/models/<name>.cc becomes custom_ops/lib<name>.so in the build folder, built as TensorFlow's users build theirs.
if(THALWEG_BUILD_TESTS AND NOT THALWEG_SANITIZE AND EXISTS "${THALWEG_DEPS}/tensorflow/include-custom-ops")
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/models/*.cc")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    add_library(custom_op_${name} MODULE "${source}")
    set_target_properties(custom_op_${name} PROPERTIES OUTPUT_NAME "${name}" CXX_STANDARD 17
      LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/custom_ops" BUILD_RPATH "${THALWEG_DEPS}/tensorflow")
    target_include_directories(custom_op_${name} SYSTEM PRIVATE "${THALWEG_DEPS}/tensorflow/include-custom-ops")
    target_compile_definitions(custom_op_${name} PRIVATE EIGEN_MAX_ALIGN_BYTES=64)
    target_compile_options(custom_op_${name} PRIVATE -w -O1 -g0)
    target_link_libraries(custom_op_${name} PRIVATE "${THALWEG_DEPS}/tensorflow/libtensorflow_framework.so.2")
  endforeach()
endif()

# --- cmake --install -----------------------------------------------------------------------------------------------

include(CMakePackageConfigHelpers)
set(THALWEG_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/thalweg")
install(TARGETS thalweg EXPORT thalwegTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT thalwegTargets NAMESPACE thalweg:: DESTINATION "${THALWEG_CMAKE_DIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" "${PROJECT_BINARY_DIR}/include/"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
if(THALWEG_RDKAFKA_STATIC)
  install(FILES "${THALWEG_RDKAFKA_STATIC}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/thalweg")
endif()
get_filename_component(THALWEG_RDKAFKA_STATIC_NAME "${THALWEG_RDKAFKA_STATIC}" NAME)
configure_package_config_file(cmake/thalwegConfig.cmake.in "${PROJECT_BINARY_DIR}/cmake/thalwegConfig.cmake"
  INSTALL_DESTINATION "${THALWEG_CMAKE_DIR}" PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cmake/thalwegConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/cmake/thalwegConfig.cmake" "${PROJECT_BINARY_DIR}/cmake/thalwegConfigVersion.cmake"
  cmake/ThalwegDependencies.cmake DESTINATION "${THALWEG_CMAKE_DIR}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# --- the test of the installed tree --------------------------------------------------------------------------------

if(THALWEG_BUILD_TESTS AND NOT THALWEG_SANITIZE) # nobody installs those
  add_test(NAME install.an_outside_project_finds_and_links_thalweg
    COMMAND "${CMAKE_COMMAND}" -D "BUILD_DIR=${PROJECT_BINARY_DIR}" -D "SOURCE_DIR=${PROJECT_SOURCE_DIR}/tests/install"
      -D "CXX=${CMAKE_CXX_COMPILER}" -P "${PROJECT_SOURCE_DIR}/tests/install/check.cmake")
  set_tests_properties(install.an_outside_project_finds_and_links_thalweg PROPERTIES LABELS install TIMEOUT 600 PROCESSORS 2)
endif()
