// SPDX-License-Identifier: MIT
// The strict configuration reader. A component owns a plain struct whose member initialisers are the only defaults and
// one `read(Section)`; this reader adds types, ranges and positions, and remembers what was read:
//
//   struct OptimConfig { double lr = 3e-4; };                        // lr > 0
//   void read(config::Section s, OptimConfig& c) { s.read("lr", c.lr, {.above = 0}); }
//
// No YAML type appears here: the parser stays in src/config.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stgmamba::config {

/// Bounds of a number: `above`/`below` exclude the bound, `min`/`max` include it.
struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  double above = -std::numeric_limits<double>::infinity();
  double below = std::numeric_limits<double>::infinity();
};

class DocumentState;

/// A view of one mapping of a document. Every `read` overwrites `field` when the key is present, keeps it (the default)
/// otherwise, and records the resolved value and where it came from. Errors are ConfigError
/// "file:line:column: what must hold, what came (did you mean ...?)".
class Section {
 public:
  Section(std::shared_ptr<DocumentState> state, std::string path);

  void read(std::string_view key, bool& field);
  void read(std::string_view key, int& field, Range range = {});
  void read(std::string_view key, std::int64_t& field, Range range = {});
  void read(std::string_view key, std::uint64_t& field, Range range = {});
  void read(std::string_view key, double& field, Range range = {});
  void read(std::string_view key, std::string& field);
  void read(std::string_view key, std::string& field, const std::vector<std::string>& choices);
  void read(std::string_view key, std::vector<std::string>& field);
  void read(std::string_view key, std::vector<double>& field, Range range = {});
  void read(std::string_view key, std::vector<std::int64_t>& field, Range range = {});

  bool has(std::string_view key) const;              // present and not null; does not count as read
  std::vector<std::string> keys() const;             // keys present, in file order
  Section section(std::string_view key) const;       // a nested mapping; absent reads as empty
  const std::string& path() const { return path_; }  // "model.stgm"
  /// Where a key stands ("configs/a.yaml:4:3"), for cross-field checks; the section itself when the key is absent.
  std::string where(std::string_view key) const;

 private:
  std::string full(std::string_view key) const;
  std::shared_ptr<DocumentState> state_;
  std::string path_;
};

/// A configuration file with its bases and overrides merged, key by key, each key keeping its own position.
class Document {
 public:
  /// `overrides` are "a.b=value" texts from the command line, typed by the same readers. `base: other.yaml` (text or
  /// list, relative to the file) is merged first. Duplicate keys, keys with a dot, `<<`, anchors, aliases, tags, second
  /// documents, YAML 1.1 booleans (yes/no/on/off), tabs and circles of bases are errors. A null value is the default;
  /// an empty section keeps what its base says.
  static Document load(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});
  static Document parse(std::string_view text, const std::string& name, const std::vector<std::string>& overrides = {});

  Section root() const;
  /// Every key must have been read: throws ConfigError for the first unknown one, naming the nearest known key.
  void finish() const;
  /// The resolved configuration (everything read so far, defaults included) as YAML; `sources` appends "#
  /// file:line:col" or "# default" to each line.
  std::string resolved(bool sources) const;
  /// Hash of resolved(false).
  std::string hash() const;

 private:
  explicit Document(std::shared_ptr<DocumentState> state);
  std::shared_ptr<DocumentState> state_;
};

/// Looks up a bare name in ./, ./configs/, then the installed share folder; a path is taken as it is. Throws
/// ConfigError that lists where it looked and the nearest existing name.
std::filesystem::path find_config(const std::string& name);

/// What comes with the programs: share/<name> of a source tree, or of the installed share folder. Empty where there is
/// none.
std::filesystem::path find_shared(const std::string& name);

}  // namespace stgmamba::config
