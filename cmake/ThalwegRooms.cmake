# A room is a folder of src/ (or cli/, testing/): one object library and one test executable.
#
#   thalweg_room(decode DEPS record config LIBS simdjson::simdjson)
#
# makes thalweg_decode from src/decode/**/*.cpp and test_decode from tests/decode/**/*.cpp. The test links the objects
# of its own room and of the rooms under DEPS (and theirs), nothing else: a room that does not compile does not
# keep the others from being tested. A room may be empty, and so may its tests.
#
#   DIR <folder>       the sources are there, not in src/<name>
#   DEPS <rooms>       rooms whose code this one needs (declared above it)
#   TEST_DEPS <rooms>  rooms that only its tests need
#   LIBS <targets>     libraries outside the project
#   NO_THREADS         its code runs on its caller's thread, so that ThreadSanitizer has nothing to see in its tests: they are not built for it
#
# A file tests/<room>/**/<name>_alone_test.cpp becomes an executable of its own, with tests/<room>/support/*.cpp: for tests
# that replace something global, as operator new.

# The code of a room: `target` is an object library of the sources given.
function(_thalweg_library_objects target)
  add_library(${target} OBJECT "${PROJECT_SOURCE_DIR}/cmake/empty.cpp" ${ARGN})
  target_link_libraries(${target} PUBLIC thalweg_basics)
  thalweg_precompiled(${target} library)
endfunction()

# The code of tests: what it is compiled with, in an executable or in an object library that several link.
function(_thalweg_test_code target rooms)
  foreach(room IN LISTS rooms)
    target_link_libraries(${target} PRIVATE thalweg_${room}) # linked directly: this brings an executable the objects
  endforeach()
  target_link_libraries(${target} PRIVATE GTest::gmock GTest::gtest rapidcheck)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  # What is tested is compiled as the preset says. The tests themselves are not optimised: tests/process/infer_test.cpp takes 7.6
  # CPU-seconds so and 12.0 with -O2 (15 and 24 under AddressSanitizer), and there are more of them than of anything else.
  target_compile_options(${target} PRIVATE -O0)
  target_compile_definitions(${target} PRIVATE
    THALWEG_SOURCE_DIR="${PROJECT_SOURCE_DIR}" THALWEG_BINARY_DIR="${PROJECT_BINARY_DIR}")
  thalweg_precompiled(${target} tests)
endfunction()

function(_thalweg_test_objects target rooms)
  add_library(${target} OBJECT ${ARGN})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIE) # as CMake compiles an executable
  _thalweg_test_code(${target} "${rooms}")
endfunction()

include(GoogleTest)
if(THALWEG_PRECOMPILED)
  _thalweg_library_objects(thalweg_precompiled_library)
endif()
if(THALWEG_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  if(THALWEG_PRECOMPILED)
    _thalweg_test_objects(thalweg_precompiled_tests record "${PROJECT_SOURCE_DIR}/cmake/empty.cpp")
  endif()
endif()

function(thalweg_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "NO_THREADS" "DIR" "DEPS;TEST_DEPS;LIBS")
  if(NOT room_DIR)
    set(room_DIR "src/${name}")
  endif()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${room_DIR}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/(cli|chaos)/main\\.cpp$") # a binary's own, see the root CMakeLists.txt
  _thalweg_library_objects(thalweg_${name} ${sources})
  target_link_libraries(thalweg_${name} PUBLIC ${room_LIBS})

  _thalweg_rooms_below(below ${room_DEPS})
  foreach(dep IN LISTS below)
    # Gives include folders and libraries; an object library passes no objects on.
    target_link_libraries(thalweg_${name} PUBLIC thalweg_${dep})
  endforeach()
  set_property(GLOBAL PROPERTY THALWEG_ROOM_BELOW_${name} "${below}")
  set_property(GLOBAL APPEND PROPERTY THALWEG_ROOMS ${name})

  if(THALWEG_BUILD_TESTS AND NOT (room_NO_THREADS AND THALWEG_SANITIZE MATCHES "thread"))
    _thalweg_rooms_below(tested ${name} ${room_DEPS} ${room_TEST_DEPS})
    thalweg_tests(${name} ROOMS ${tested})
  endif()
endfunction()

# thalweg_tests(NAME ROOMS <rooms>): the executables of tests/NAME, linked with the objects of ROOMS.
function(thalweg_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 tests "" "" "ROOMS")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${name}/*.cpp")
  set(support "")
  if("kafka" IN_LIST tests_ROOMS)
    if(NOT TARGET thalweg_mock_cluster) # compiled once for all
      _thalweg_test_objects(thalweg_mock_cluster kafka "${PROJECT_SOURCE_DIR}/tests/support/mock_cluster.cpp")
    endif()
    list(APPEND support thalweg_mock_cluster)
  endif()
  file(GLOB own_support CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${name}/support/*.cpp")
  if(own_support)
    list(REMOVE_ITEM sources ${own_support})
    _thalweg_test_objects(thalweg_${name}_test_support "${tests_ROOMS}" ${own_support})
    list(APPEND support thalweg_${name}_test_support)
  endif()
  set(alone ${sources})
  list(FILTER alone INCLUDE REGEX "_alone_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_alone_test\\.cpp$")
  if(sources)
    _thalweg_test_executable(test_${name} ${name} "${tests_ROOMS}" "${support}" ${sources})
  endif()
  foreach(source IN LISTS alone)
    get_filename_component(stem "${source}" NAME_WE)
    _thalweg_test_executable(test_${name}_${stem} ${name} "${tests_ROOMS}" "${support}" "${source}")
  endforeach()
endfunction()

function(_thalweg_test_executable target label rooms support)
  add_executable(${target} ${ARGN})
  _thalweg_test_code(${target} "${rooms}")
  target_link_libraries(${target} PRIVATE ${support} GTest::gtest_main)
  # The name of a suite says what it needs: FooBroker a real broker, FooNative the TensorFlow or OpenVINO library;
  # FooSlowNative too, and many seconds: `ctest -LE slow` leaves those out.
  # A core is two of ctest's slots (script/test): tests against the broker wait more than they work, and take one. They come first, since
  # some are long.
  _thalweg_discover(${target} "${label}" "-*Broker.*:*Broker/*:*Native.*:*Native/*" 60 PROCESSORS 2)
  _thalweg_discover(${target} "${label};broker" "*Broker.*:*Broker/*" 300 COST 10)
  if(NOT THALWEG_SANITIZE) # the runtimes cannot live with a sanitizer
    _thalweg_discover(${target} "${label};native" "*Native.*:*Native/*-*SlowNative.*" 300 PROCESSORS 2)
    _thalweg_discover(${target} "${label};native;slow" "*SlowNative.*" 300 PROCESSORS 2)
  endif()
endfunction()

# _thalweg_discover(TARGET LABELS FILTER TIMEOUT [PROPERTY VALUE]...)
function(_thalweg_discover target labels filter timeout)
  math(EXPR timeout "${timeout} * ${THALWEG_TEST_SLOWDOWN}")
  list(JOIN labels "_" tests)
  set(tests "${target}_${tests}")
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 TEST_FILTER "${filter}"
    WORKING_DIRECTORY "${PROJECT_BINARY_DIR}" TEST_LIST ${tests} PROPERTIES TIMEOUT ${timeout} ${ARGN})
  # Properties that are lists lose all but their first element on the way through gtest_discover_tests (CMake 3.25), so ctest
  # sets them itself, on the list of tests that it finds.
  set(file "${PROJECT_BINARY_DIR}/properties/${tests}.cmake")
  file(CONFIGURE OUTPUT "${file}" @ONLY CONTENT [==[
if(@tests@)
  set_tests_properties(${@tests@} PROPERTIES LABELS "@labels@" ENVIRONMENT "@THALWEG_TEST_ENVIRONMENT@")
endif()
]==])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${file}")
endfunction()

# The rooms named and all rooms under them, each once.
function(_thalweg_rooms_below result)
  set(all "")
  foreach(dep IN LISTS ARGN)
    if(NOT TARGET thalweg_${dep})
      message(FATAL_ERROR "thalweg_room: '${dep}' is not a room yet; declare it above its users in CMakeLists.txt")
    endif()
    get_property(deeper GLOBAL PROPERTY THALWEG_ROOM_BELOW_${dep})
    list(APPEND all ${deeper} ${dep})
  endforeach()
  list(REMOVE_DUPLICATES all)
  set(${result} "${all}" PARENT_SCOPE)
endfunction()
