// Columns against the plainest model there is: a vector of vectors.
#include "thalweg/column.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thalweg {
namespace {

using Model = std::vector<std::vector<std::int32_t>>;

std::vector<std::int32_t> ints(std::size_t count) {
  return *rc::gen::container<std::vector<std::int32_t>>(count, rc::gen::arbitrary<std::int32_t>());
}

void push(Column& column, const std::vector<std::int32_t>& row) {
  std::int32_t* to = column.type().ragged() ? column.extend<std::int32_t>(row.size())
                                            : column.append<std::int32_t>();
  std::copy(row.begin(), row.end(), to);
  if (column.type().ragged()) column.end_row();
}

void expect_equal(const Column& column, const Model& model) {
  RC_ASSERT(column.rows() == model.size());
  std::size_t elements = 0;
  for (std::size_t i = 0; i < model.size(); ++i) {
    const auto row = column.row<std::int32_t>(i);
    RC_ASSERT(std::vector<std::int32_t>(row.begin(), row.end()) == model[i]);
    elements += model[i].size();
  }
  RC_ASSERT(column.elements() == elements);
  RC_ASSERT(column.values<std::int32_t>().size() == elements);
}

ColumnType any_type() {
  switch (*rc::gen::inRange(0, 4)) {
    case 0: return {DType::int32, {}};
    case 1: return {DType::int32, {{3}}};
    case 2: return {DType::int32, {{Shape::unknown}}};
    default: return {DType::int32, {{Shape::unknown, 2}}};
  }
}

std::vector<std::int32_t> any_row(const ColumnType& type) {
  return ints(type.ragged() ? type.width() * *rc::gen::inRange<std::size_t>(0, 4) : type.width());
}

RC_GTEST_PROP(Column, Is_a_list_of_rows_whatever_is_appended_abandoned_or_dropped, ()) {
  const ColumnType type = any_type();
  Column column(type);
  Model model;
  const int steps = *rc::gen::inRange(0, 40);
  for (int s = 0; s < steps; ++s) {
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        if (type.ragged()) {  // half a record, then a failure
          column.extend<std::int32_t>(type.width());
          column.abandon_row();
        }
        break;
      case 1: {
        const std::size_t count = *rc::gen::inRange<std::size_t>(0, model.size() + 1);
        column.drop_rows(count);
        model.resize(model.size() - count);
        break;
      }
      case 2:
        if (!model.empty()) {  // also from itself, while its memory moves
          const std::size_t row = *rc::gen::inRange<std::size_t>(0, model.size());
          const std::size_t count = *rc::gen::inRange<std::size_t>(0, model.size() - row + 1);
          column.append_range_from(column, row, count);
          for (std::size_t i = row; i < row + count; ++i) {
            model.push_back(std::vector<std::int32_t>(model[i]));
          }
        }
        break;
      case 3:
        column.append_zero_row();
        model.emplace_back(type.ragged() ? 0 : type.width(), 0);
        break;
      default: model.push_back(any_row(type)); push(column, model.back());
    }
    expect_equal(column, model);
  }
}

RC_GTEST_PROP(Column, Strings_of_any_shape_are_lists_of_rows, ()) {
  const bool ragged = *rc::gen::arbitrary<bool>();
  const std::size_t width = ragged ? 1 : *rc::gen::inRange<std::size_t>(1, 4);
  Shape shape;
  if (ragged) {
    shape.dims = {Shape::unknown};
  } else if (width > 1) {
    shape.dims = {static_cast<std::int64_t>(width)};
  }
  Column column(ColumnType{DType::string, shape});
  const auto texts = *rc::gen::container<std::vector<std::string>>(
      12, rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
  std::vector<std::vector<std::string_view>> model;
  const int steps = *rc::gen::inRange(0, 30);
  for (int s = 0; s < steps; ++s) {
    const std::size_t count = ragged ? *rc::gen::inRange<std::size_t>(0, 4) : width;
    std::vector<std::string_view> row;
    for (std::size_t i = 0; i < count; ++i) {
      row.push_back(texts[*rc::gen::inRange<std::size_t>(0, texts.size())]);
    }
    for (const auto text : row) column.push_string(text);
    if (*rc::gen::inRange(0, 4) == 0) {
      column.abandon_row();
    } else {
      column.end_row();
      model.push_back(row);
    }
    if (!model.empty() && *rc::gen::inRange(0, 4) == 0) {
      column.drop_rows(1);
      model.pop_back();
    }
  }
  RC_ASSERT(column.rows() == model.size());
  for (std::size_t i = 0; i < model.size(); ++i) {
    const auto row = column.string_row(i);
    RC_ASSERT(std::vector<std::string_view>(row.begin(), row.end()) == model[i]);
  }
}

TEST(Column, Reset_keeps_the_memory) {
  Column column(ColumnType{DType::float32, {{4}}});
  column.append_rows<float>(100);
  const std::size_t bytes = column.bytes();
  const void* raw = column.raw();
  column.reset(ColumnType{DType::float32, {}});
  column.append_rows<float>(400);
  EXPECT_EQ(column.raw(), raw);
  EXPECT_EQ(column.bytes(), bytes);
}

TEST(Column, An_adopted_block_is_read_in_place_and_let_go_at_reset) {
  auto owner = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4, 5, 6});
  Column column;
  column.adopt({DType::float32, {{2}}}, 3, owner->data(), {}, owner);
  EXPECT_EQ(column.raw(), owner->data());
  EXPECT_EQ(column.row<float>(2)[1], 6.0F);
  column.drop_rows(1);
  EXPECT_EQ(column.rows(), 2u);
  Column copy(column.type());
  copy.append_from(column, 1);
  EXPECT_EQ(copy.row<float>(0)[0], 3.0F);
  EXPECT_EQ(owner.use_count(), 2);
  column.clear();
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(Column, An_adopted_block_that_is_changed_becomes_a_copy_and_an_ordinary_column) {
  auto owner = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4});
  Column column;
  column.adopt({DType::float32, {{2}}}, 2, owner->data(), {}, owner);
  column.drop_rows(1);
  static_cast<float*>(column.raw_mutable())[0] = 9;
  EXPECT_EQ(owner->at(0), 1.0F);
  EXPECT_EQ(owner.use_count(), 1);
  column.append<float>()[0] = 7;
  EXPECT_EQ(column.rows(), 2u);
  EXPECT_THAT(column.values<float>().first(3), testing::ElementsAre(9, 2, 7));
}

TEST(Column, Types_and_schemas_say_what_they_are) {
  EXPECT_EQ((ColumnType{DType::float32, {{121}}}).to_string(), "float32 [121]");
  EXPECT_EQ((ColumnType{DType::int64, {}}).to_string(), "int64");
  EXPECT_EQ((ColumnType{DType::string, {{-1}}}).to_string(), "string [?]");
  EXPECT_EQ((ColumnType{DType::float32, {{-1, 4}}}).width(), 4u);
  const Schema schema{{{"a", {}}, {"b", {}}}};
  EXPECT_EQ(schema.find("b"), 1u);
  EXPECT_EQ(schema.find("c"), std::nullopt);
}

}  // namespace
}  // namespace thalweg
