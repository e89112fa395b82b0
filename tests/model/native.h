// For suites that need TensorFlow or OpenVINO: skip, with a word, where the library is not there.
#pragma once

#include <gtest/gtest.h>

#include "model/runtime/openvino/api.h"
#include "model/runtime/tensorflow/api.h"

#ifdef THALWEG_SANITIZED
// Without RTLD_DEEPBIND and with instrumented memory functions these libraries are not ours to judge.
#define THALWEG_NEEDS_LIBRARY(api) \
  GTEST_SKIP() << "native runtimes are left out of sanitized builds"
#else
#define THALWEG_NEEDS_LIBRARY(api) \
  if (auto found = api::get(""); !found.ok()) GTEST_SKIP() << found.error().message()
#endif
#define THALWEG_NEEDS_TENSORFLOW THALWEG_NEEDS_LIBRARY(::thalweg::tensorflow::Api)
#define THALWEG_NEEDS_OPENVINO THALWEG_NEEDS_LIBRARY(::thalweg::openvino::Api)
