// SPDX-License-Identifier: MIT
#include <algorithm>

#include "stgmamba/config/section.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/text.hpp"

#include "config/state.hpp"

namespace stgmamba::config {
namespace fs = std::filesystem;
namespace {

Node parse_mapping(std::string_view text, const std::string& name) {
  Node node = parse_yaml(text, name);
  if (node.kind == Node::Kind::kNull) {
    node.kind = Node::Kind::kMap;  // an empty file: everything keeps its default
  }
  if (node.kind != Node::Kind::kMap) {
    throw ConfigError("{}: a configuration must consist of 'key: value' lines", node.where);
  }
  return node;
}

/// The scalars under 'base', each with its position.
std::vector<Node> take_bases(Node& node) {
  const auto at =
      std::find_if(node.entries.begin(), node.entries.end(), [](const auto& e) { return e.first == "base"; });
  if (at == node.entries.end()) {
    return {};
  }
  const Node value = at->second;
  node.entries.erase(at);
  std::vector<Node> bases = value.kind == Node::Kind::kList ? value.items : std::vector<Node>{value};
  const auto names_file = [](const Node& base) { return base.kind == Node::Kind::kScalar && !base.text.empty(); };
  if (bases.empty() || !std::all_of(bases.begin(), bases.end(), names_file)) {
    throw ConfigError("{}: 'base' must name a file or a list of files", value.where);
  }
  return bases;
}

std::string read_config(const fs::path& file) {
  try {
    return util::read_text(file);
  } catch (const DataError& error) {
    throw ConfigError("{}", error.what());
  }
}

/// A file with its bases under it. `chain` holds the files being loaded, to refuse circles.
Node load_file(const fs::path& file, std::vector<fs::path>& chain) {
  Node own = parse_mapping(read_config(file), file.string());
  chain.push_back(file);
  Node merged;
  merged.kind = Node::Kind::kMap;
  for (const Node& base : take_bases(own)) {
    const fs::path below = (file.parent_path() / base.text).lexically_normal();
    std::error_code error;
    if (!fs::is_regular_file(below, error)) {
      throw ConfigError("{}: 'base' must name an existing file, got '{}' (looked for {})", base.where, base.text,
                        below.string());
    }
    if (std::any_of(chain.begin(), chain.end(), [&](const fs::path& above) { return fs::equivalent(above, below); })) {
      throw ConfigError("{}: 'base' goes in a circle: {} is its own base", base.where, below.string());
    }
    merge(merged, load_file(below, chain));
  }
  chain.pop_back();
  merge(merged, own);
  merged.where = file.string();
  return merged;
}

void apply_override(Node& root, const std::string& text) {
  const std::string where = "command line";
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError("{}: an override must look like section.key=value, got '{}'", where, text);
  }
  if (equals + 1 == text.size()) {
    throw ConfigError("{}: '{}' needs a value after the '='; leave the override out to keep what the file says", where,
                      text);
  }
  const std::string key = text.substr(0, equals);
  const std::string place = where + ": '" + text + "'";
  Node value = parse_yaml(text.substr(equals + 1), place, false);
  for (std::size_t end = key.size();;) {  // wrap the value in a section a dot, innermost first
    const std::size_t dot = key.rfind('.', end - 1);
    const std::size_t begin = dot == std::string::npos || dot >= end ? 0 : dot + 1;
    Node section;
    section.kind = Node::Kind::kMap;
    section.where = place;
    section.entries.push_back({key.substr(begin, end - begin), std::move(value)});
    value = std::move(section);
    if (begin == 0) {
      break;
    }
    end = begin - 1;
    if (end == 0) {
      throw ConfigError("{}: an override must look like section.key=value, got '{}'", where, text);
    }
  }
  merge(root, value);
}

/// The first key that nobody read, depth first in file order.
void refuse_unread(const DocumentState& state, const Node& node, const std::string& path) {
  for (const auto& [key, value] : node.entries) {
    const std::string full = join_key(path, key);
    if (state.positions.count(full) != 0) {
      continue;
    }
    if (state.sections.count(full) != 0) {
      refuse_unread(state, value, full);
      continue;
    }
    std::vector<std::string> known;
    for (const Record& record : state.records) {
      known.push_back(record.key);
    }
    known.insert(known.end(), state.sections.begin(), state.sections.end());
    const std::string near = util::nearest(full, known);
    throw ConfigError("{}: unknown key '{}'{}", value.where, full,
                      near.empty() ? "" : " (did you mean '" + near + "'?)");
  }
}

}  // namespace

Document::Document(std::shared_ptr<DocumentState> state) : state_(std::move(state)) {}

Document Document::load(const fs::path& file, const std::vector<std::string>& overrides) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    throw ConfigError("{}: no such configuration file", file.string());
  }
  std::vector<fs::path> chain;
  Node root = load_file(file, chain);
  for (const std::string& text : overrides) {
    apply_override(root, text);
  }
  return Document(std::make_shared<DocumentState>(std::move(root)));
}

Document Document::parse(std::string_view text, const std::string& name, const std::vector<std::string>& overrides) {
  Node root = parse_mapping(text, name);
  for (const std::string& override_text : overrides) {
    apply_override(root, override_text);
  }
  return Document(std::make_shared<DocumentState>(std::move(root)));
}

Section Document::root() const {
  return Section(state_, "");
}

void Document::finish() const {
  refuse_unread(*state_, state_->root, "");
}

namespace {

void print(std::string& out, const std::vector<Record>& records, const std::string& path, int depth, bool sources) {
  std::vector<std::string> done;
  const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
  for (const Record& record : records) {
    if (!path.empty() && record.key.rfind(path + ".", 0) != 0) {
      continue;
    }
    const std::string rest = record.key.substr(path.empty() ? 0 : path.size() + 1);
    const std::string name = rest.substr(0, rest.find('.'));
    if (std::find(done.begin(), done.end(), name) != done.end()) {
      continue;
    }
    done.push_back(name);
    if (rest.find('.') == std::string::npos) {
      out += fmt::format("{}{}: {}{}\n", indent, name, record.value, sources ? "  # " + record.source : "");
    } else {
      out += fmt::format("{}{}:\n", indent, name);
      print(out, records, join_key(path, name), depth + 1, sources);
    }
  }
}

}  // namespace

std::string Document::resolved(bool sources) const {
  std::string out;
  print(out, state_->records, "", 0, sources);
  return out;
}

std::string Document::hash() const {
  return util::hash_text(resolved(false));
}

}  // namespace stgmamba::config
