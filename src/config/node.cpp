// SPDX-License-Identifier: MIT
#include "config/node.hpp"

#include <algorithm>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::config {
namespace {

/// What a text is called and whether its lines count.
struct Source {
  std::string name;
  bool positions = true;

  std::string place(const YAML::Mark& mark) const {
    return !positions || mark.is_null() ? name : fmt::format("{}:{}:{}", name, mark.line + 1, mark.column + 1);
  }
};

/// Refuses what the finished tree no longer shows. Aliases could also build endless or exponentially large trees, so
/// this runs over the events before there is a tree.
class PlainOnly : public YAML::EventHandler {
 public:
  explicit PlainOnly(const Source& source) : source_(source) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { check(mark, "", anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "an alias (*name)"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string&) override {
    check(mark, tag, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
  }
  void OnMapEnd() override {}

 private:
  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& what) const {
    throw ConfigError("{}: {} is not supported; write the value out, or share it by 'base: other.yaml'",
                      source_.place(mark), what);
  }
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor) {
      refuse(mark, "an anchor (&name)");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {  // "?" is plain, "!" is quoted
      refuse(mark, "the tag '" + tag + "'");
    }
  }

  const Source& source_;
};

void refuse_fancy(const std::string& text, const Source& source) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  PlainOnly plain(source);
  if (parser.HandleNextDocument(plain) && parser.HandleNextDocument(plain)) {
    throw ConfigError("{}: a configuration must be one YAML document; drop the '---' in the middle", source.name);
  }
}

Node convert(const YAML::Node& yaml, const Source& source, const std::string& where);

Node convert_map(const YAML::Node& yaml, const Source& source, const std::string& where) {
  Node node;
  node.kind = Node::Kind::kMap;
  node.where = where;
  for (const auto& entry : yaml) {
    // Only the key's mark is right: a block value's is that of its first child.
    const std::string key_place = source.place(entry.first.Mark());
    if (!entry.first.IsScalar()) {
      throw ConfigError("{}: a key must be plain text", key_place);
    }
    const std::string key = entry.first.Scalar();
    if (key == "<<") {
      throw ConfigError("{}: '<<' merging is not supported; use 'base: other.yaml'", key_place);
    }
    if (const std::size_t dot = key.find('.'); dot != std::string::npos) {
      throw ConfigError("{}: key '{}' must not hold a dot; write '{}:' and under it '{}:'", key_place, key,
                        key.substr(0, dot), key.substr(dot + 1));
    }
    if (const Node* first = node.find(key)) {
      throw ConfigError("{}: duplicate key '{}' (first at {})", key_place, key, first->where);
    }
    node.entries.push_back({key, convert(entry.second, source, key_place)});
  }
  return node;
}

Node convert(const YAML::Node& yaml, const Source& source, const std::string& where) {
  if (yaml.IsMap()) {
    return convert_map(yaml, source, where);
  }
  Node node;
  node.where = where;
  if (yaml.IsSequence()) {
    node.kind = Node::Kind::kList;
    for (const YAML::Node& item : yaml) {
      node.items.push_back(convert(item, source, source.place(item.Mark())));
    }
  } else if (yaml.IsScalar()) {
    node.text = yaml.Scalar();
    node.quoted = yaml.Tag() == "!";
    node.kind = Node::Kind::kScalar;
    if (!node.quoted && (node.text == "~" || node.text == "null")) {
      node.kind = Node::Kind::kNull;
    }
  }
  return node;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.first == key; });
  return found == entries.end() ? nullptr : &found->second;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

Node parse_yaml(std::string_view text, const std::string& name, bool positions) {
  const Source source{name, positions};
  YAML::Node yaml;
  try {
    refuse_fancy(std::string(text), source);
    yaml = YAML::Load(std::string(text));
  } catch (const YAML::Exception& error) {
    throw ConfigError("{}: not valid YAML: {}", source.place(error.mark), error.msg);
  }
  return convert(yaml, source, yaml.IsNull() ? name : source.place(yaml.Mark()));
}

void merge(Node& under, const Node& over) {
  if (under.kind == Node::Kind::kMap && over.kind == Node::Kind::kNull) {
    return;  // "section:" with every key commented out
  }
  if (under.kind != Node::Kind::kMap || over.kind != Node::Kind::kMap) {
    under = over;
    return;
  }
  for (const auto& [key, value] : over.entries) {
    if (Node* known = under.find(key)) {
      merge(*known, value);
    } else {
      under.entries.push_back({key, value});
    }
  }
}

}  // namespace stgmamba::config
