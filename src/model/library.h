// A shared library opened at run time, and the search for it.
//
// Runtimes are libraries that a machine may or may not have: the binary starts without them, and says how to get one when a
// model asks for it. Libraries stay open until the process ends: unloading TensorFlow is not safe, and tensors
// made by it may outlive the model.
#pragma once

#include <span>
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

}  // namespace thalweg
