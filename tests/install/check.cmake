# Installs the build tree into a fresh folder, builds the project beside this file against it, runs it.
set(PREFIX "${BUILD_DIR}/tests/install/prefix")
set(OUTSIDE "${BUILD_DIR}/tests/install/outside")
file(REMOVE_RECURSE "${PREFIX}" "${OUTSIDE}")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}\n${output}")
  endif()
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${PREFIX}")
# THALWEG_DEPS is unset: the installed tree must not lean on the checkout.
run("${CMAKE_COMMAND}" -E env --unset=THALWEG_DEPS --unset=PKG_CONFIG_PATH
  "${CMAKE_COMMAND}" -G Ninja -S "${SOURCE_DIR}" -B "${OUTSIDE}" "-DCMAKE_PREFIX_PATH=${PREFIX}" "-DCMAKE_CXX_COMPILER=${CXX}")
run("${CMAKE_COMMAND}" --build "${OUTSIDE}")
run("${OUTSIDE}/outside")
if(EXISTS "${PREFIX}/bin/thalweg")
  run("${CMAKE_COMMAND}" -E env --unset=LD_LIBRARY_PATH "${PREFIX}/bin/thalweg" --version)
endif()
