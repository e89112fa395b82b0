// The two small protobufs TensorFlow wants from us, written by hand.
#pragma once

#include <string>

namespace thalweg::tensorflow {

// ConfigProto (tensorflow/core/protobuf/config.proto): intra_op_parallelism_threads = 2, inter_op_parallelism_threads = 5.
[[nodiscard]] std::string session_config(int intra_op_threads, int inter_op_threads);

// RunOptions: inter_op_thread_pool = 3. -1 runs the graph in the caller's thread, 0 in the session's pool.
[[nodiscard]] std::string run_options(int inter_op_thread_pool);

}  // namespace thalweg::tensorflow
