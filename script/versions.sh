# shellcheck shell=bash disable=SC2034
# Every version that script/bootstrap installs, in one place. Change a line here and run script/bootstrap:
# what the line names is fetched again, the rest stays.
#
# Debian's packages have no version here: Debian 12 (bookworm) is the pin. The versions it had when this was
# written stand in docs/dependencies.md.

DEBIAN_PACKAGES=(
  # tools
  g++ cmake ninja-build make patch ccache mold pkg-config clang-16 libclang-rt-16-dev clang-format-14 shellcheck valgrind python3 python3-venv unzip git ca-certificates util-linux
  # libraries of the library and the binary
  libfmt-dev libspdlog-dev libsimdjson-dev libyaml-cpp-dev libcli11-dev libre2-dev libicu-dev
  prometheus-cpp-dev libcpp-httplib-dev libprotozero-dev libboost-dev wordnet-base
  # what librdkafka is built on
  libssl-dev libsasl2-dev libcurl4-openssl-dev libzstd-dev liblz4-dev zlib1g-dev
  # libraries of the tests, fuzzers and benchmarks
  libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev kcat
)
# Installed only where the command is missing: these often come from elsewhere than Debian.
declare -A DEBIAN_PACKAGE_OF_COMMAND=([curl]=curl [openssl]=openssl [java]=default-jre-headless [mvn]=maven [npm]=npm)

# Prometheus and promtool, which check the alert rules and scrape a pipeline in a test: out of Debian's package, which is unpacked and not
# installed, so that no server starts and no web interface comes along.
PROMETHEUS_PACKAGE=prometheus

# librdkafka: built from the source inside an npm package, with one patch, unless the system has LIBRDKAFKA_MIN or newer.
LIBRDKAFKA_MIN=2.10.1
LIBRDKAFKA_VERSION=2.15.1
LIBRDKAFKA_NPM_PACKAGE=@confluentinc/kafka-javascript@1.10.1
LIBRDKAFKA_NPM_SHA256=ada7d703bb1d3237e2292bfabf438d663b6160c9f1ac2a2406b5dc4257c81b66

# Runtimes: Python wheels of which only the native library and the headers are kept. They are for x86-64 Linux.
RUNTIME_PYTHON_VERSION=3.11
TENSORFLOW_PACKAGE=tensorflow-cpu
TENSORFLOW_VERSION=2.21.0
TENSORFLOW_SHA256=2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c
OPENVINO_PACKAGE=openvino
OPENVINO_VERSION=2026.4.0
OPENVINO_SHA256=71ee4e65a914044a510af43da16f3279c8f9dae22cbc8eac63d4a785c4a9c03f

# Apache Kafka for the tests and the demo: jars from Maven, checked against script/lib/kafka-jars.sha256.
KAFKA_VERSION=4.3.1
KAFKA_SCALA=2.13
KAFKA_JAVA_MIN=17
