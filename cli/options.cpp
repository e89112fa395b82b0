#include "cli/options.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

namespace thalweg::cli {

const Option& Option::type_name(const std::string& name) const {
  option_->type_name(name);
  return *this;
}
const Option& Option::description(const std::string& doc) const {
  option_->description(doc);
  return *this;
}
const Option& Option::capture_default_str() const {
  option_->capture_default_str();
  return *this;
}
const Option& Option::required() const {
  option_->required();
  return *this;
}
const Option& Option::expected(int values) const {
  option_->expected(values);
  return *this;
}
const Option& Option::expected(int min, int max) const {
  option_->expected(min, max);
  return *this;
}
const Option& Option::take_all() const {
  option_->take_all();
  return *this;
}
const Option& Option::excludes(const Option& other) const {
  option_->excludes(other.option_);
  return *this;
}
const Option& Option::check(Check check) const {
  option_->check(std::move(check));
  return *this;
}
const Option& Option::range(int min, int max) const {
  option_->check(CLI::Range(min, max));
  return *this;
}
const Option& Option::range(double min, double max) const {
  option_->check(CLI::Range(min, max));
  return *this;
}
const Option& Option::one_of(const std::vector<std::string>& words) const {
  option_->check(CLI::IsMember(words));
  return *this;
}
const Option& Option::positive() const {
  option_->check(CLI::PositiveNumber);
  return *this;
}
const Option& Option::not_negative() const {
  option_->check(CLI::NonNegativeNumber);
  return *this;
}

template <typename T>
Option Command::add_option(const std::string& names, T& value, const std::string& doc) {
  return Option(*app_->add_option(names, value, doc));
}
Option Command::add_option_function(const std::string& names,
                                    const std::function<void(const std::string&)>& take,
                                    const std::string& doc) {
  return Option(*app_->add_option_function<std::string>(names, take, doc));
}
Option Command::add_flag(const std::string& names, bool& value, const std::string& doc) {
  return Option(*app_->add_flag(names, value, doc));
}
Option Command::get_option(const std::string& name) const {
  return Option(*app_->get_option(name));
}

template Option Command::add_option(const std::string&, std::string&, const std::string&);
template Option Command::add_option(const std::string&, std::vector<std::string>&,
                                    const std::string&);
template Option Command::add_option(const std::string&, std::size_t&, const std::string&);
template Option Command::add_option(const std::string&, std::int64_t&, const std::string&);
template Option Command::add_option(const std::string&, double&, const std::string&);
template Option Command::add_option(const std::string&, std::optional<std::int64_t>&,
                                    const std::string&);
template Option Command::add_option(const std::string&, std::optional<double>&, const std::string&);

}  // namespace thalweg::cli
