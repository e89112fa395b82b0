// YAML → Node: looks at the text, runs yaml-cpp's parser over it, and turns whatever it throws into an Error.
#include "config/yaml_reader.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <istream>
#include <streambuf>
#include <system_error>

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "config/scalars.h"
#include "config/yaml_builder.h"
#include "config/yaml_text.h"

namespace thalweg {

namespace {

Where at(const YamlOptions& options, int line, int column) {
  auto file = std::make_shared<const std::string>(options.name);
  return options.lines ? Where{std::move(file), line, column} : Where{std::move(file), 0, 0};
}

Status check_text(std::string_view text, const YamlOptions& options) {
  if (text.size() > options.limits.bytes) {
    return config_error(
        at(options, 0, 0),
        fmt::format("expected at most {}; got {} bytes; is this the right file?",
                    config::bytes_text(static_cast<double>(options.limits.bytes)), text.size()));
  }
  // What yaml-cpp would read wrongly or not at all, with the place of the byte.
  const std::size_t nul = text.find('\0');
  const std::size_t bad = std::min(nul, config::first_invalid_utf8(text));
  if (bad == std::string_view::npos) return {};
  const config::TextPlace place = config::place_of(text, bad);
  return config_error(
      at(options, place.line, place.column),
      fmt::format(
          "expected UTF-8 text; got the byte 0x{:02x} in column {}; is this the right file? "
          "Save it as UTF-8",
          static_cast<unsigned char>(text[bad]), place.column));
}

// Reads from a view without a copy; std::istringstream would copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // NOLINT: a get area is only read
    setg(begin, begin, begin + text.size());
  }
};

// Hears nothing.
class Deaf : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// Finds out that there is something behind the first document, and where.
class SecondDocument final : public Deaf {
 public:
  struct Found {
    YAML::Mark mark;
  };
  void OnDocumentStart(const YAML::Mark& mark) override { throw Found{mark}; }
};

bool parses(std::string_view text) {
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    Deaf deaf;
    return parser.HandleNextDocument(deaf);
  } catch (const YAML::Exception&) {
    return false;
  }
}

// yaml-cpp takes the end of the file for the missing quote, if a line end stands before it, and a setting would have swallowed all
// that follow. Without that line end it complains.
bool quote_left_open(std::string_view text, const config::YamlBuilder& builder) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return builder.last_quoted() != nullptr && end != std::string_view::npos &&
         end + 1 < text.size() && !parses(text.substr(0, end + 1));
}

Error second_document(std::string_view text, const YamlOptions& options, int last_line,
                      const YAML::Mark& mark) {
  // yaml-cpp also begins a "document" at a stray bracket behind the first one.
  for (int line = last_line + 2; line <= mark.line + 1; ++line) {
    if (!config::line_of(text, line).starts_with("---")) continue;
    return config_error(
        at(options, line, 1),
        "expected one YAML document; got a second one behind '---'; put it into a file of its own");
  }
  return config_error(
      at(options, mark.line + 1, mark.column + 1),
      config::explain_syntax_error(text, mark.line + 1, "it does not belong to what stands above"));
}

Result<Node> parse(std::string_view text, const YamlOptions& options) {
  const std::size_t slash = options.name.rfind('/');
  const bool file = options.lines && slash != std::string::npos;
  config::YamlBuilder builder(options, file ? options.name.substr(0, slash + 1) : "");
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return Node::null(at(options, 1, 1));
    SecondDocument second;
    (void)parser.HandleNextDocument(second);
    if (quote_left_open(text, builder)) {
      return config_error(
          *builder.last_quoted(),
          "expected an end of the text in quotes; got the end of the file; close the quote");
    }
    return builder.take_root();
  } catch (config::YamlStop& stop) {
    return std::move(stop.error);
  } catch (const SecondDocument::Found& found) {
    return second_document(text, options, builder.last_line(), found.mark);
  } catch (const YAML::Exception& e) {
    const int line = e.mark.is_null() ? 1 : e.mark.line + 1;
    return config_error(at(options, line, e.mark.column + 1),
                        config::explain_syntax_error(text, line, e.msg));
  } catch (const std::exception& e) {
    return config_error(at(options, 0, 0),
                        fmt::format("expected YAML; got a text that cannot be read ({}); "
                                    "check it with a YAML editor",
                                    e.what()));
  }
}

}  // namespace

Result<Node> read_yaml(std::string_view text, const YamlOptions& options) {
  if (auto status = check_text(text, options); !status) return std::move(status).error();
  return parse(text, options);
}

Result<Node> read_yaml_file(const std::string& path, YamlOptions options) {
  if (options.name.empty()) options.name = path;
  auto text = read_text_file(path, options.limits.bytes);
  if (!text) return std::move(text).error();
  return read_yaml(*text, options);
}

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  const auto failed = [&](std::string_view got, std::string_view cure) {
    return config_error(Where{std::make_shared<const std::string>(path), 0, 0},
                        fmt::format("expected a file that can be read; got {}; {}", got, cure));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return failed("a folder", "name a file in it");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed(std::strerror(errno), "check the path and who may read it");
  std::string text;
  std::string chunk(std::size_t{64} << 10, '\0');
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0) {
    text.append(chunk, 0, static_cast<std::size_t>(file.gcount()));
    if (text.size() > bytes_max) {
      return failed(fmt::format("more than {}", config::bytes_text(static_cast<double>(bytes_max))),
                    "is this the right file?");
    }
  }
  if (file.bad()) return failed(std::strerror(errno), "check the disk");
  return text;
}

}  // namespace thalweg
