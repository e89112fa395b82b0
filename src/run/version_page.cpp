#include "run/version_page.h"

#include <functional>

#include <fmt/format.h>

namespace thalweg {
namespace {

std::string escaped(const std::string& label) {
  std::string text;
  for (const char c : label) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

std::string labels_of(const std::string& pipeline, const VersionTotals& v) {
  return fmt::format(R"(pipeline="{}",model="{}",version="{}",variant="{}",role="{}")",
                     escaped(pipeline), escaped(v.model), v.version, escaped(v.variant),
                     to_string(v.role));
}

using Each = std::function<void(const std::string& labels, const VersionTotals&)>;

class Page {
 public:
  explicit Page(const std::vector<PipelineVersions>& pipelines) : pipelines_(pipelines) {}

  void family(const char* name, const char* help, const char* type, const Each& each) {
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    for (const PipelineVersions& pipeline : pipelines_) {
      for (const VersionTotals& v : pipeline.versions) each(labels_of(pipeline.pipeline, v), v);
    }
  }
  void counter(const char* name, const char* help, std::uint64_t VersionTotals::*figure) {
    family(name, help, "counter", [&](const std::string& labels, const VersionTotals& v) {
      text_ += fmt::format("{}{{{}}} {}\n", name, labels, v.*figure);
    });
  }
  // Its buckets are every fourth of those counted: powers of two, from about 1 µs to 17 s.
  void call_seconds() {
    const char* name = "thalweg_version_call_seconds";
    family(name, "Time of a model call, by version.", "histogram",
           [&](const std::string& labels, const VersionTotals& v) {
             std::uint64_t sum = 0;
             for (std::size_t i = 0; i < CallTimes::buckets; ++i) {
               sum += v.times.counts[i];
               const double end = CallTimes::end_of(i);
               if (i % 4 != 3 || end < 1024 || end > 2e10) continue;
               text_ +=
                   fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, end * 1e-9, sum);
             }
             text_ += fmt::format("{}_bucket{{{},le=\"+Inf\"}} {}\n", name, labels, sum);
             text_ += fmt::format("{}_sum{{{}}} {}\n", name, labels, v.times.sum_ns * 1e-9);
             text_ += fmt::format("{}_count{{{}}} {}\n", name, labels, sum);
           });
  }
  void lost() {
    const char* name = "thalweg_shadow_lost_rows_total";
    family(name, "Rows that a shadow never saw, by reason.", "counter",
           [&](const std::string& labels, const VersionTotals& v) {
             for (std::size_t i = 0; v.role == Role::shadow && i < v.lost.size(); ++i) {
               text_ += fmt::format("{}{{{},reason=\"{}\"}} {}\n", name, labels,
                                    to_string(static_cast<ShadowLoss>(i)), v.lost[i]);
             }
           });
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  const std::vector<PipelineVersions>& pipelines_;
  std::string text_;
};

}  // namespace

std::string version_page(const std::vector<PipelineVersions>& pipelines) {
  bool any = false;
  for (const PipelineVersions& pipeline : pipelines) any |= !pipeline.versions.empty();
  if (!any) return {};
  Page page(pipelines);
  page.counter("thalweg_version_rows_total", "Rows that a version was asked for.",
               &VersionTotals::rows);
  page.counter("thalweg_version_answered_rows_total", "Those of them that it answered.",
               &VersionTotals::answered);
  page.counter("thalweg_version_nan_rows_total", "Answered rows with a NaN among the outputs.",
               &VersionTotals::nan_rows);
  page.counter("thalweg_version_failed_batches_total", "Batches that it failed as a whole.",
               &VersionTotals::failed_uses);
  page.call_seconds();
  page.lost();
  return std::move(page).text();
}

}  // namespace thalweg
