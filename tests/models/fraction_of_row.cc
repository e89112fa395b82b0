// A custom operation for the test model `custom_op/`: each value as a fraction of its row's sum.
//
//   g++ -std=c++17 -shared -fPIC -O1 fraction_of_row.cc -o libfraction_of_row.so
//       $(python3 -c 'import tensorflow as tf; print(*tf.sysconfig.get_compile_flags(), *tf.sysconfig.get_link_flags())')
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

REGISTER_OP("ThalwegFractionOfRow")
    .Input("x: float")
    .Output("y: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->input(0));
      return absl::OkStatus();
    });

class FractionOfRow : public tensorflow::OpKernel {
 public:
  explicit FractionOfRow(tensorflow::OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(tensorflow::OpKernelContext* context) override {
    const tensorflow::Tensor& input = context->input(0);
    OP_REQUIRES(context, input.dims() == 2, absl::InvalidArgumentError("x must be a matrix"));
    tensorflow::Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, input.shape(), &output));
    const auto x = input.matrix<float>();
    auto y = output->matrix<float>();
    for (Eigen::Index row = 0; row < x.dimension(0); ++row) {
      float sum = 0;
      for (Eigen::Index i = 0; i < x.dimension(1); ++i) sum += x(row, i);
      for (Eigen::Index i = 0; i < x.dimension(1); ++i) y(row, i) = x(row, i) / sum;
    }
  }
};
REGISTER_KERNEL_BUILDER(Name("ThalwegFractionOfRow").Device(tensorflow::DEVICE_CPU), FractionOfRow);
