// What the `make` functions of feature steps share: checking inputs, reading lists of numbers and files.
//
// Errors carry no place: the binder puts file, line, feature and step in front.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/registry.h"
#include "thalweg/settings.h"

namespace thalweg::feature {

using StepResult = Result<std::unique_ptr<FeatureStep>>;

[[nodiscard]] Error bad_settings(std::string message);
// "expected a number as input; got string; <cure>"
[[nodiscard]] Error bad_input(std::string_view expected, const ColumnType& got,
                              std::string_view cure = {});

// One input, or an error that says so.
[[nodiscard]] Status expect_inputs(const FeatureContext& context, std::size_t count);
[[nodiscard]] Status expect_number(
    const FeatureContext& context);  // one input, numbers of any shape
[[nodiscard]] Status expect_strings(
    const FeatureContext& context);                               // one input, strings of any shape
[[nodiscard]] Status expect_text(const FeatureContext& context);  // one input, one string a row
[[nodiscard]] Status expect_words(
    const FeatureContext& context);  // one input, a list of strings a row

// A setting of type `node` that is a number or a list of numbers.
[[nodiscard]] Result<std::vector<double>> numbers_of(const Values& settings, std::string_view name);
// The same, stretched to `width` numbers (one stands for all).
[[nodiscard]] Result<std::vector<double>> numbers_of(const Values& settings, std::string_view name,
                                                     std::size_t width);

// The bytes of a file named by a setting of type `path`; they become part of the content hash.
[[nodiscard]] Result<std::string> file_of(const Values& settings, std::string_view name,
                                          const FeatureContext& context);
[[nodiscard]] Result<std::string> read_feature_bytes(const std::string& path,
                                                     const FeatureContext& context);

// As scikit-learn: float64 stays float64, all else becomes float32.
[[nodiscard]] ColumnType float_like(const ColumnType& input);
[[nodiscard]] ColumnType with_dtype(ColumnType type, DType dtype);

}  // namespace thalweg::feature
