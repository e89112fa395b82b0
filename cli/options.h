// What a command declares of its line. The words are CLI11's, which does the work; its templates are compiled once, in options.cpp, and not
// in each command, where they took longer than all else.
//
//   std::size_t timeout_s = 10;
//   command.add_option("--timeout", timeout_s, "How long to wait").capture_default_str().range(1, 3600).type_name("SECONDS");
//
// Both classes are handles: they may be copied, and live no longer than the line's parser.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace thalweg::cli {

class Option {
 public:
  // Why the text cannot be the value; empty: it can.
  using Check = std::function<std::string(const std::string& text)>;

  explicit Option(CLI::Option& option) : option_(&option) {}

  const Option& type_name(const std::string& name) const;  // FILE, in the help
  const Option& description(const std::string& doc) const;
  const Option& capture_default_str() const;  // the help says what holds without it
  const Option& required() const;
  const Option& expected(int values) const;
  const Option& expected(int min, int max) const;
  const Option& take_all() const;  // it may be given again, and all values count
  const Option& excludes(const Option& other) const;
  const Option& check(Check check) const;
  const Option& range(int min, int max) const;
  const Option& range(double min, double max) const;
  const Option& one_of(const std::vector<std::string>& words) const;
  const Option& positive() const;
  const Option& not_negative() const;

 private:
  CLI::Option* option_;
};

class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  // T: a text, texts, a number, a number that may be absent. Others: a line at the end of options.cpp. A name without dashes is a word's place.
  template <typename T>
  Option add_option(const std::string& names, T& value, const std::string& doc);
  Option add_option_function(const std::string& names,
                             const std::function<void(const std::string&)>& take,
                             const std::string& doc);
  Option add_flag(const std::string& names, bool& value, const std::string& doc);
  [[nodiscard]] Option get_option(const std::string& name) const;  // one that was declared

 private:
  CLI::App* app_;
};

}  // namespace thalweg::cli
