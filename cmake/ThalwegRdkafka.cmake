# Gives the target thalweg::rdkafka: the copy that script/bootstrap built where there is one, the system's otherwise.
# The built copy is a static library, so that a binary runs with no LD_LIBRARY_PATH; `cmake --install` takes it along.

set(THALWEG_RDKAFKA_STATIC "")
add_library(thalweg::rdkafka INTERFACE IMPORTED GLOBAL)

if(EXISTS "${THALWEG_DEPS}/librdkafka/lib/librdkafka.a")
  set(THALWEG_RDKAFKA_STATIC "${THALWEG_DEPS}/librdkafka/lib/librdkafka.a")
  # pkg-config knows what the static library needs from the system.
  set(ENV{PKG_CONFIG_PATH} "${THALWEG_DEPS}/librdkafka/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")
  pkg_check_modules(thalweg_rdkafka_private REQUIRED QUIET libssl libcrypto libsasl2 libcurl libzstd liblz4 zlib)
  set(THALWEG_RDKAFKA_SYSTEM_LIBS ${thalweg_rdkafka_private_LIBRARIES} m dl rt pthread)
  target_include_directories(thalweg::rdkafka SYSTEM INTERFACE "${THALWEG_DEPS}/librdkafka/include")
  target_link_libraries(thalweg::rdkafka INTERFACE "${THALWEG_RDKAFKA_STATIC}" ${THALWEG_RDKAFKA_SYSTEM_LIBS})
else()
  pkg_check_modules(thalweg_rdkafka_system QUIET IMPORTED_TARGET GLOBAL rdkafka>=2.10.1)
  if(NOT thalweg_rdkafka_system_FOUND)
    message(FATAL_ERROR "librdkafka: expected 2.10.1 or newer in ${THALWEG_DEPS} or known to pkg-config; got none. "
                        "Run script/bootstrap, which builds it.")
  endif()
  target_link_libraries(thalweg::rdkafka INTERFACE PkgConfig::thalweg_rdkafka_system)
endif()
