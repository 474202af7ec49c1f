// SPDX-License-Identifier: MIT
// The text of every configuration error, as a user reads it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::config {
namespace {

using test::error_of;
using test::exit_code_of;
using test::TempFolder;
using testing::HasSubstr;

void read_all(const Document& document) {
  double lr = 0.1;
  std::int64_t steps = 10;
  int workers = 2;
  bool mirror = true;
  std::string name = "x";
  std::string style = "kpop";
  std::vector<double> betas = {0.9};
  std::vector<std::string> styles;
  std::uint64_t seed = 1;
  Section root = document.root();
  root.read("seed", seed);
  Section optim = root.section("optim");
  optim.read("lr", lr, {.max = 1, .above = 0});
  optim.read("betas", betas, {.min = 0, .below = 1});
  Section train = root.section("train");
  train.read("steps", steps, {.min = 1});
  train.read("workers", workers, {.min = 0, .max = 64});
  train.read("mirror", mirror);
  train.read("name", name);
  train.read("style", style, {"kpop", "ballet", "popping"});
  train.read("styles", styles);
  document.finish();
}

TEST(ConfigErrors, SayWhereWhatMustHoldAndWhatCame) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"optim:\n  lrr: 1\n", "a.yaml:2:3: unknown key 'optim.lrr' (did you mean 'optim.lr'?)"},
      {"optimm:\n  lr: 1\n", "a.yaml:1:1: unknown key 'optimm' (did you mean 'optim'?)"},
      {"zebra: 1\n", "a.yaml:1:1: unknown key 'zebra'"},
      {"optim:\n  lr: 0.1\n  lr: 0.2\n", "a.yaml:3:3: duplicate key 'lr' (first at a.yaml:2:3)"},
      {"optim:\n  lr: 0\n", "a.yaml:2:3: 'optim.lr' must be a number above 0 and at most 1, got '0'"},
      {"optim:\n  lr: -1e-3\n", "a.yaml:2:3: 'optim.lr' must be a number above 0 and at most 1, got '-1e-3'"},
      {"optim:\n  lr: fast\n", "a.yaml:2:3: 'optim.lr' must be a number above 0 and at most 1, got 'fast'"},
      {"optim:\n  lr: .nan\n", "a.yaml:2:3: 'optim.lr' must be a number above 0 and at most 1, got '.nan'"},
      {"optim:\n  lr: nan\n", "a.yaml:2:3: 'optim.lr' must be a number above 0 and at most 1, got 'nan'"},
      {"optim:\n  lr: \"0.1\"\n", "a.yaml:2:3: 'optim.lr' must be a number above 0 and at most 1, got text \"0.1\""},
      {"optim:\n  lr: [1]\n", "a.yaml:2:3: 'optim.lr' must be a number above 0 and at most 1, got a list"},
      {"optim:\n  lr: {a: 1}\n", "a.yaml:2:3: 'optim.lr' must be a number above 0 and at most 1, got a section"},
      {"optim:\n  betas: 0.9\n", "a.yaml:2:3: 'optim.betas' must be a list of numbers, got '0.9'"},
      {"optim:\n  betas: [0.9, 1]\n", "a.yaml:2:16: 'optim.betas' must be a number at least 0 and below 1, got '1'"},
      {"optim: 3\n", "a.yaml:1:1: 'optim' must be a section (key: value lines), got '3'"},
      {"optim: [3]\n", "a.yaml:1:1: 'optim' must be a section (key: value lines), got a list"},
      {"train:\n  steps: 1.5\n", "a.yaml:2:3: 'train.steps' must be a whole number at least 1, got '1.5'"},
      {"train:\n  steps: 1e3\n", "a.yaml:2:3: 'train.steps' must be a whole number at least 1, got '1e3'"},
      {"train:\n  steps: 0x10\n", "a.yaml:2:3: 'train.steps' must be a whole number at least 1, got '0x10'"},
      {"train:\n  steps: 99999999999999999999\n",
       "a.yaml:2:3: 'train.steps' must be a whole number at least 1, got '99999999999999999999'"},
      {"train:\n  workers: 65\n",
       "a.yaml:2:3: 'train.workers' must be a whole number at least 0 and at most 64, got '65'"},
      {"train:\n  mirror: yes\n", "a.yaml:2:3: 'train.mirror' must be true or false, got 'yes'"},
      {"train:\n  mirror: True\n", "a.yaml:2:3: 'train.mirror' must be true or false, got 'True'"},
      {"train:\n  name: [a]\n", "a.yaml:2:3: 'train.name' must be text, got a list"},
      {"train:\n  style: kpopp\n",
       "a.yaml:2:3: 'train.style' must be one of kpop, ballet, popping; got 'kpopp' (did you mean 'kpop'?)"},
      {"train:\n  style: waltz\n", "a.yaml:2:3: 'train.style' must be one of kpop, ballet, popping; got 'waltz'"},
      {"train:\n  styles: kpop\n", "a.yaml:2:3: 'train.styles' must be a list of texts, got 'kpop'"},
      {"seed: -1\n", "a.yaml:1:1: 'seed' must be a whole number at least 0, got '-1'"},
      {"<<: x\n", "a.yaml:1:1: '<<' merging is not supported; use 'base: other.yaml'"},
      {"optim.lr: 0.1\n", "a.yaml:1:1: key 'optim.lr' must not hold a dot; write 'optim:' and under it 'lr:'"},
      {"seed: &s 3\n",
       "a.yaml:1:7: an anchor (&name) is not supported; write the value out, or share it by 'base: other.yaml'"},
      {"seed: !!int 3\n",
       "a.yaml:1:7: the tag 'tag:yaml.org,2002:int' is not supported; write the value out, or share it by "
       "'base: other.yaml'"},
      {"seed: 1\n---\nseed: 2\n", "a.yaml: a configuration must be one YAML document; drop the '---' in the middle"},
      {"[a, b]: 1\n", "a.yaml:1:1: a key must be plain text"},
      {"train: {mirror: on}\n", "a.yaml:1:9: 'train.mirror' must be true or false, got 'on'"},
      {"train:\n  mirror: \"true\"\n", "a.yaml:2:3: 'train.mirror' must be true or false, got text \"true\""},
      {"train:\n  steps: \"5\"\n", "a.yaml:2:3: 'train.steps' must be a whole number at least 1, got text \"5\""},
      {"train:\n  steps: |\n    1\n    2\n",
       "a.yaml:2:3: 'train.steps' must be a whole number at least 1, got text \"1 2 \""},
      {"seed: 18446744073709551616\n",
       "a.yaml:1:1: 'seed' must be a whole number at least 0, got '18446744073709551616'"},
      {"- a\n- b\n", "a.yaml:1:1: a configuration must consist of 'key: value' lines"},
      {"just text\n", "a.yaml:1:1: a configuration must consist of 'key: value' lines"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(error_of([&] { read_all(Document::parse(c.text, "a.yaml")); }), c.error) << c.text;
    EXPECT_EQ(exit_code_of([&] { read_all(Document::parse(c.text, "a.yaml")); }), 3) << c.text;
  }
}

TEST(ConfigErrors, SyntaxErrorsHaveAPosition) {
  EXPECT_THAT(error_of([] { Document::parse("a: [1, 2\nb: 3\n", "a.yaml"); }), HasSubstr("a.yaml:2:"));
  EXPECT_THAT(error_of([] { Document::parse("a:\n\t- 1\n", "a.yaml"); }), HasSubstr("not valid YAML"));
  // Neither endless nor exponentially large trees are built.
  EXPECT_THAT(error_of([] { Document::parse("a: &x [*x]\n", "a.yaml"); }), HasSubstr("a.yaml:1:4: an anchor"));
  const std::string deep = "a: " + std::string(100000, '[');
  EXPECT_THAT(error_of([&] { Document::parse(deep, "a.yaml"); }), HasSubstr("not valid YAML"));
}

TEST(ConfigErrors, OnTheCommandLine) {
  const auto with = [](const std::string& text) {
    return error_of([&] { read_all(Document::parse("", "a", {text})); });
  };
  EXPECT_EQ(with("optim.lr=abc"),
            "command line: 'optim.lr=abc': 'optim.lr' must be a number above 0 and at most 1, got 'abc'");
  EXPECT_EQ(with("optim.lrr=1"), "command line: 'optim.lrr=1': unknown key 'optim.lrr' (did you mean 'optim.lr'?)");
  EXPECT_EQ(with("optim"), "command line: an override must look like section.key=value, got 'optim'");
  EXPECT_EQ(with("optim.betas=[0.5,2]"),
            "command line: 'optim.betas=[0.5,2]': 'optim.betas' must be a number at least 0 and below 1, got '2'");
  EXPECT_THAT(with("optim.betas=[0.5"), HasSubstr("command line: 'optim.betas=[0.5': not valid YAML"));
  EXPECT_EQ(with("optim=3"), "command line: 'optim=3': 'optim' must be a section (key: value lines), got '3'");
  EXPECT_EQ(with("base=other.yaml"), "command line: 'base=other.yaml': unknown key 'base'");
  EXPECT_EQ(with(".lr=3"), "command line: an override must look like section.key=value, got '.lr=3'");
  EXPECT_EQ(with("optim.lr=null"), "");  // the default
  EXPECT_EQ(with("=3"), "command line: an override must look like section.key=value, got '=3'");
}

TEST(ConfigErrors, Bases) {
  const TempFolder folder;
  const auto load = [&] { return error_of([&] { Document::load(folder / "a.yaml"); }); };
  const std::string a = (folder / "a.yaml").string();
  const std::string b = (folder / "b.yaml").string();
  EXPECT_EQ(load(), a + ": no such configuration file");
  util::write_text(folder / "a.yaml", "seed: 3\nbase: b.yaml\n");
  EXPECT_EQ(load(), a + ":2:1: 'base' must name an existing file, got 'b.yaml' (looked for " + b + ")");
  util::write_text(folder / "a.yaml", "base: [a.yaml]\n");
  EXPECT_EQ(load(), a + ":1:8: 'base' goes in a circle: " + a + " is its own base");
  util::write_text(folder / "a.yaml", "base: ./b.yaml\n");
  util::write_text(folder / "b.yaml", "base:\n  - a.yaml\n");
  EXPECT_EQ(load(), b + ":2:5: 'base' goes in a circle: " + a + " is its own base");
  util::write_text(folder / "b.yaml", "seed: [1\n");
  EXPECT_THAT(load(), HasSubstr(b + ":2:1: not valid YAML"));
  for (const char* text : {"base: {x: 1}\n", "base: []\n", "base:\n", "base: [[a]]\n"}) {
    util::write_text(folder / "a.yaml", text);
    EXPECT_EQ(load(), a + ":1:1: 'base' must name a file or a list of files") << text;
  }
  EXPECT_EQ(exit_code_of([&] { Document::load(folder / "a.yaml"); }), 3);
  EXPECT_EQ(exit_code_of([&] { Document::load(folder.path()); }), 3);
}

TEST(ConfigErrors, AMissingConfigListsWhereItLooked) {
  EXPECT_THAT(error_of([] { find_config("no_such_config.yaml"); }), HasSubstr("no such configuration in ., configs"));
}

}  // namespace
}  // namespace stgmamba::config
