// See constant.h.
#include "decode/constant.h"

#include <cmath>
#include <cstring>
#include <type_traits>

#include <fmt/format.h>

#include "json/number.h"

namespace thalweg::decode {

namespace {

Error unfit(const Node& node, DType dtype) {
  return config_error(node.where(),
                      fmt::format("default: expected {}; got {}; write a value of the field's type",
                                  to_string(dtype), node.to_json()));
}

template <class T>
Status add_number(const Node& node, DType dtype, Constant& out) {
  T value{};
  if (node.quoted() ||
      json::parse_number(node.text(), json::Grammar::loose, value) != json::NumberFault::none) {
    // ".nan" and ".inf" are YAML's; a missing measurement is often NaN to the model.
    if constexpr (std::is_floating_point_v<T>) {
      const auto number = node.as_number();
      if (node.quoted() || !number || std::isfinite(*number)) return unfit(node, dtype);
      value = static_cast<T>(*number);
    } else {
      return unfit(node, dtype);
    }
  }
  const std::size_t old = out.numbers.size();
  out.numbers.resize(old + sizeof(T));
  std::memcpy(out.numbers.data() + old, &value, sizeof(T));
  return {};
}

Status add_element(const Node& node, DType dtype, Constant& out) {
  if (!node.is_scalar()) return unfit(node, dtype);
  ++out.elements;
  switch (dtype) {
    case DType::float32: return add_number<float>(node, dtype, out);
    case DType::float64: return add_number<double>(node, dtype, out);
    case DType::int32: return add_number<std::int32_t>(node, dtype, out);
    case DType::int64: return add_number<std::int64_t>(node, dtype, out);
    case DType::uint8: return add_number<std::uint8_t>(node, dtype, out);
    case DType::boolean: {
      const auto value = node.as_boolean();
      if (node.quoted() || !value) return unfit(node, dtype);
      out.numbers.push_back(std::byte{*value});
      return {};
    }
    case DType::string: out.strings.push_back(node.text()); return {};
  }
  return {};
}

Status add_all(const Node& node, DType dtype, std::span<const std::int64_t> dims, Constant& out) {
  if (dims.empty()) return add_element(node, dtype, out);
  if (!node.is_sequence()) return unfit(node, dtype);
  if (dims[0] != Shape::unknown && node.items().size() != static_cast<std::size_t>(dims[0])) {
    return config_error(
        node.where(),
        fmt::format("default: expected {} elements; got {}; write as many as the type says",
                    dims[0], node.items().size()));
  }
  for (const Node& item : node.items()) {
    if (auto added = add_all(item, dtype, dims.subspan(1), out); !added) return added;
  }
  return {};
}

}  // namespace

Result<Constant> read_constant(const Node& node, DType dtype, std::span<const std::int64_t> dims) {
  Constant out;
  const bool ragged = !dims.empty() && dims[0] == Shape::unknown;
  if (node.is_scalar() && !dims.empty() && !ragged) {
    std::size_t elements = 1;
    for (const auto d : dims) elements *= static_cast<std::size_t>(d);
    for (std::size_t i = 0; i < elements; ++i) {
      if (auto added = add_element(node, dtype, out); !added) return std::move(added).error();
    }
    return out;
  }
  if (auto added = add_all(node, dtype, dims, out); !added) return std::move(added).error();
  return out;
}

}  // namespace thalweg::decode
