#include "model/runtime/tensorflow/protos.h"

#include <protozero/pbf_writer.hpp>

namespace thalweg::tensorflow {

std::string session_config(int intra_op_threads, int inter_op_threads) {
  std::string bytes;
  protozero::pbf_writer config(bytes);
  config.add_int32(2, intra_op_threads);
  config.add_int32(5, inter_op_threads);
  return bytes;
}

std::string run_options(int inter_op_thread_pool) {
  std::string bytes;
  protozero::pbf_writer options(bytes);
  options.add_int32(3, inter_op_thread_pool);
  return bytes;
}

}  // namespace thalweg::tensorflow
