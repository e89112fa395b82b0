// A shared library opened at run time, and the search for it.
//
// Runtimes are libraries that a machine may or may not have: the binary starts without them, and says how to get one when a
// model asks for it. Libraries stay open until the process ends: unloading TensorFlow is not safe, and tensors
// made by it may outlive the model.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/error.h"

namespace thalweg {

// Where a library may be, and what to say if it is nowhere.
struct LibrarySearch {
  std::string what;                     // "TensorFlow": for the error
  std::string variable;                 // environment variable that names its folder
  std::string setting;                  // the folder named in the model's section, or empty
  std::string built_in;                 // the folder known at build time, or empty
  std::vector<std::string> subfolders;  // looked into below each folder: "", "libs", …
  std::vector<std::string> names;       // file names, best first; a trailing '*' matches any ending
  std::string oldest;                   // the oldest version that will do, "2.4"
  std::string cure;                     // how to get it
};

class Library {
 public:
  // Looks into the variable's folder, the setting's, the built-in one, then along the loader's usual path. A folder that was
  // named (variable or setting) and does not hold the library is an error: never another version in silence.
  // Errors: runtime_missing. `deep_bind`: the library prefers its own symbols (see library.cpp).
  static Result<Library> open(const LibrarySearch& search, bool deep_bind);

  // Null if there is none of that name.
  [[nodiscard]] void* symbol(const char* name) const noexcept;
  // As it was found.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  Library(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  void* handle_;
  std::string path_;
};

// Binds function pointers by name and remembers which were missing.
class Binder {
 public:
  explicit Binder(const Library& library) : library_(library) {}
  template <class F>
  void bind(F& function, const char* name) {
    function = reinterpret_cast<F>(library_.symbol(name));
    if (function == nullptr) missing_.emplace_back(name);
  }
  [[nodiscard]] const std::vector<std::string>& missing() const noexcept { return missing_; }

 private:
  const Library& library_;
  std::vector<std::string> missing_;
};

// Opens the library and fills `api`, a table of function pointers and the library's `path`: `bind_all(api, binder)` binds each.
// Errors: runtime_missing (no library, or one older than `oldest`, which lacks a function).
template <class Api, class BindAll>
Result<std::unique_ptr<Api>> open_api(const LibrarySearch& search, bool deep_bind,
                                      BindAll bind_all) {
  auto library = Library::open(search, deep_bind);
  if (!library) return std::move(library).error();
  auto api = std::make_unique<Api>();
  api->path = library->path();
  Binder binder(*library);
  bind_all(*api, binder);
  if (binder.missing().empty()) return api;
  return Error(Code::runtime_missing, "expected " + search.what + " " + search.oldest +
                                          " or newer in '" + api->path + "'; it has no " +
                                          binder.missing().front() + "; get a newer one");
}

// The process's one table of a kind: the first call that succeeds makes it, and it lives until the process ends, since tensors
// may outlive every model. `load(folder)` gives a Result<std::unique_ptr<Api>>. Any thread.
template <class Api, class Load>
Result<const Api*> api_of_process(const std::string& folder, Load load) {
  static std::mutex mutex;
  static const Api* loaded = nullptr;
  const std::lock_guard lock(mutex);
  if (loaded != nullptr) return loaded;
  Result<std::unique_ptr<Api>> api = load(folder);
  if (!api) return std::move(api).error();
  loaded = api->release();
  return loaded;
}

}  // namespace thalweg
