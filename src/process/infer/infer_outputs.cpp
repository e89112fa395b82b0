// Checking what a model wrote, and making columns of it.
#include "process/infer/infer_outputs.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace thalweg {
namespace {

bool fits(const Tensor& tensor, const OutputPlan& plan, bool batched, std::size_t fed) {
  const auto& dims = tensor.shape.dims;
  if (tensor.dtype != plan.type.dtype) return false;
  if (batched && (dims.empty() || dims[0] != static_cast<std::int64_t>(fed))) return false;
  const std::size_t elements = tensor.shape.elements() / fed;
  if (!plan.type.ragged()) return elements == plan.type.width();
  return plan.type.width() > 0 && elements % plan.type.width() == 0;
}

const InferRun::Piece* only_piece(std::span<const RowOrigin> origins) {
  if (origins.empty()) return nullptr;
  const InferRun::Piece* piece = origins.front().piece;
  for (std::size_t row = 0; row < origins.size(); ++row) {
    const RowOrigin& origin = origins[row];
    if (origin.kind != RowOrigin::Kind::call || origin.piece != piece || origin.row != row)
      return nullptr;
  }
  return piece;
}

void adopt(const Tensor& tensor, const ColumnType& type, std::size_t rows, Column& to) {
  std::vector<std::string_view> strings(
      tensor.strings.begin(),
      tensor.strings.begin() +
          static_cast<std::ptrdiff_t>(type.dtype == DType::string ? rows * type.width() : 0));
  to.adopt(type, rows, tensor.data, std::move(strings), tensor.owner);
}

void append_row(const InferRun::Piece& piece, std::size_t output, std::uint32_t row, Column& to) {
  const Tensor& tensor = piece.outputs[output];
  const std::size_t elements = tensor.shape.elements() / piece.fed;
  const std::size_t begin = row * elements;
  if (to.type().dtype == DType::string) {
    for (std::size_t e = begin; e < begin + elements; ++e) to.push_string(tensor.strings[e]);
    to.end_row();
    return;
  }
  const std::size_t size = size_of(tensor.dtype);
  std::byte* place = to.type().ragged() ? to.extend_raw(elements) : to.append_raw_rows(1);
  if (elements > 0) {
    std::memcpy(place, static_cast<const std::byte*>(tensor.data) + begin * size, elements * size);
  }
  if (to.type().ragged()) to.end_row();
}

// Strings are views into the tensors; later steps copy the views, so the tensors must live as long as the batch.
void keep_strings(Batch& batch, std::size_t output, std::span<const RowOrigin> origins) {
  const InferRun::Piece* last = nullptr;
  for (const RowOrigin& origin : origins) {
    if (origin.piece == nullptr || origin.piece == last) continue;
    last = origin.piece;
    batch.keep(last->outputs[output].owner);
  }
}

}  // namespace

Status check_outputs(const ModelVersion& version, const ModelBinding& binding,
                     std::span<const Tensor> outputs, std::size_t fed) {
  const bool batched = version.batch_dim != BatchDim::none;
  if (outputs.size() != binding.outputs.size()) {
    return Error(
        Code::signature_mismatch,
        fmt::format("model '{}' version {}: {} outputs were asked for; got {}", version.model,
                    version.version, binding.outputs.size(), outputs.size()));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const OutputPlan& plan = binding.outputs[i];
    if (fits(outputs[i], plan, batched, fed)) continue;
    return Error(
        Code::signature_mismatch,
        fmt::format("model '{}' version {}: output '{}' was expected to hold {} for each of {} "
                    "rows; got {} {}",
                    version.model, version.version, plan.name, plan.type.to_string(), fed,
                    to_string(outputs[i].dtype), outputs[i].shape.to_string()));
  }
  return {};
}

void add_output_columns(Batch& batch, std::span<const OutputPlan> outputs,
                        std::span<const RowOrigin> origins, std::span<const Column> defaults) {
  const InferRun::Piece* whole = only_piece(origins);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const ColumnType& type = outputs[i].type;
    Column& to = batch.rows().add_column(type);
    if (type.dtype == DType::string) keep_strings(batch, i, origins);
    if (whole != nullptr && !type.ragged()) {
      adopt(whole->outputs[i], type, origins.size(), to);
      continue;
    }
    to.reserve(origins.size());
    for (const RowOrigin& origin : origins) {
      switch (origin.kind) {
        case RowOrigin::Kind::zeros: to.append_zero_row(); break;
        case RowOrigin::Kind::defaults: to.append_from(defaults[i], 0); break;
        case RowOrigin::Kind::call: append_row(*origin.piece, i, origin.row, to); break;
      }
    }
  }
}

}  // namespace thalweg
