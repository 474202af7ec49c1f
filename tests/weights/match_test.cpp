// SPDX-License-Identifier: MIT
// Files of weights into networks: names, maps, tables, and both directions between PyTorch's files and ours.
#include "stgmamba/weights/match.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/pth.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::weights {
namespace {

using testing::HasSubstr;
using torch::Tensor;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(STG_SOURCE_DIR) / "tests/golden/pth" / name;
}

/// The network of tests/golden/make_pth.py.
struct ToyImpl : torch::nn::Module {
  ToyImpl() {
    register_module("fc", torch::nn::Linear(3, 5));
    register_module("norm", torch::nn::BatchNorm1d(5));
  }
};
TORCH_MODULE(Toy);

/// Element i of every tensor of that network is i + 1.
void expect_counting(const torch::nn::Module& module) {
  for (const auto& [name, tensor] : named_tensors(module)) {
    const Tensor wanted = torch::arange(tensor.numel(), torch::kDouble) + 1;
    EXPECT_TRUE(torch::equal(tensor.to(torch::kDouble).reshape({-1}), wanted)) << name;
  }
}

LoadOptions with_map(const std::string& rules) {
  return {NameMap::parse(rules, "rules"), {}};
}

TEST(Match, PyTorchsFilesLoadInBothFormats) {
  Toy plain, parallel, nested;
  EXPECT_EQ(load_module(golden("network.pth"), *plain).count(Fit::kMatched), 7U);
  expect_counting(*plain);
  EXPECT_EQ(test::exit_code_of([&] { load_module(golden("parallel.pth"), *parallel); }), 5);
  EXPECT_THAT(test::error_of([&] { load_module(golden("parallel.pth"), *parallel); }), HasSubstr("name rules (--map)"));
  load_module(golden("parallel.pth"), *parallel, with_map("strip module.\n"));
  expect_counting(*parallel);
  load_module(golden("nested.pth"), *nested, with_map("take state_dict\n"));
  expect_counting(*nested);
}

TEST(Match, TheUsualPartsOfACheckpointAreTried) {
  Toy toy;
  const Match match = load_module(golden("nested.pth"), *toy);
  expect_counting(*toy);
  EXPECT_THAT(match.table(false), HasSubstr("nested.pth (state_dict): 7 tensors matched"));
}

TEST(Match, TheTableNamesEveryRow) {
  Arrays tensors = read_weights(golden("network.pth"));
  tensors.erase("fc.bias");
  tensors.erase("norm.bias");
  tensors["norm.running_var"] = to_array(torch::zeros({6}));
  tensors["head.w"] = to_array(torch::zeros({2, 4}));
  tensors["head.v"] = to_array(torch::zeros({2}));
  Toy toy;
  LoadOptions options = with_map("spare *.v\n");
  options.allow_missing = {"norm.b*"};
  const Match match = match_names(tensors, *toy, "a.pth", options);
  EXPECT_FALSE(match.fits());
  EXPECT_EQ(match.table(false),
            "a.pth: 4 tensors matched, 1 left as it is, 1 spare, 1 missing, 1 unexpected, 1 of another shape\n"
            "  missing           fc.bias                   [5]\n"
            "  left as it is     norm.bias                 [5]\n"
            "  of another shape  norm.running_var          [5] here, [6] there\n"
            "  spare             head.v                    [2]\n"
            "  unexpected        head.w                    [2, 4]");
  EXPECT_THAT(match.table(true), HasSubstr("  matched           fc.weight                 [5, 3]"));
  EXPECT_EQ(match.problem(),
            "1 missing: fc.bias; 1 unexpected: head.w; 1 of another shape: norm.running_var ([5] here, [6] there)");
}

TEST(Match, OneKindOfMisfitIsEnough) {
  const Arrays whole = read_weights(golden("network.pth"));
  Arrays more = whole, less = whole, other = whole;
  more["extra"] = to_array(torch::zeros({2}));
  less.erase("fc.bias");
  other["fc.bias"] = to_array(torch::zeros({6}));
  Toy toy;
  for (const Arrays* tensors : {&more, &less, &other}) {
    EXPECT_EQ(test::exit_code_of([&] { load_named(*tensors, *toy, "a"); }), 5);
  }
}

TEST(Match, ValuesThatAreNotFiniteAreRefusedAndNothingChanges) {
  Arrays tensors = read_weights(golden("network.pth"));
  tensors["norm.bias"] = to_array(torch::full({5}, std::numeric_limits<float>::quiet_NaN()));
  Toy toy;
  const Tensor before = named_tensors(*toy).at("fc.weight").clone();
  const auto load = [&] { load_named(tensors, *toy, "a.pth"); };
  EXPECT_THAT(test::error_of(load), HasSubstr("a.pth: 'norm.bias' holds values that are not finite"));
  EXPECT_EQ(test::exit_code_of(load), 5);
  EXPECT_TRUE(torch::equal(named_tensors(*toy).at("fc.weight"), before));
}

TEST(Match, WhatMayBeMissingKeepsItsValue) {
  Arrays tensors = read_weights(golden("network.pth"));
  tensors.erase("fc.bias");
  Toy toy;
  const Tensor before = named_tensors(*toy).at("fc.bias").clone();
  EXPECT_EQ(test::exit_code_of([&] { load_named(tensors, *toy, "a"); }), 5);
  load_named(tensors, *toy, "a", {{}, {"fc.b*"}});
  EXPECT_TRUE(torch::equal(named_tensors(*toy).at("fc.bias"), before));
  load_named(tensors, *toy, "a", with_map("missing fc.*\n"));
  EXPECT_THAT(test::error_of([&] {
                load_named({}, *toy, "a", {{}, {"*"}});
              }),
              HasSubstr("no tensor of it has a name of this network"));
}

TEST(Match, OtherTypesBecomeTheNetworks) {
  Arrays tensors;
  for (const auto& [name, array] : read_weights(golden("network.pth"))) {
    tensors.emplace(name, to_array(to_tensor(array).to(torch::kHalf)));
  }
  Toy toy;
  load_named(tensors, *toy, "a");
  expect_counting(*toy);
  EXPECT_EQ(named_tensors(*toy).at("fc.weight").scalar_type(), torch::kFloat);
}

TEST(Match, WhatIsNoFileOfWeightsIsSaidSo) {
  const test::TempFolder folder;
  util::write_text(folder / "a.pth", "<html>404: Not Found</html>");
  EXPECT_THAT(test::error_of([&] { read_weights(folder / "a.pth"); }), HasSubstr("a.pth: not a .pth file"));
  EXPECT_THAT(test::error_of([&] { read_weights(folder / "none.pth"); }), HasSubstr("none.pth: no such file"));
  EXPECT_THAT(test::error_of([&] { read_weights(folder / "none.bin"); }), HasSubstr("none.bin: no such file"));
}

TEST(Match, OursAreSavedInEitherFormatAndFoundByName) {
  const test::TempFolder folder;
  Toy toy;
  load_module(golden("network.pth"), *toy);
  EXPECT_TRUE(find_weights(folder.path(), "generator").empty());
  EXPECT_EQ(test::exit_code_of([&] { weights_in(folder.path(), "generator"); }), 5);
  save_module(folder / "generator.pth", *toy);
  EXPECT_EQ(find_weights(folder.path(), "generator"), folder / "generator.pth");
  EXPECT_TRUE(io::is_pth(folder / "generator.pth"));
  Toy back;
  load_module(folder / "generator.pth", *back);
  expect_counting(*back);
  save_module(folder / "generator.safetensors", *toy);
  EXPECT_EQ(find_weights(folder.path(), "generator"), folder / "generator.safetensors");
  EXPECT_EQ(read_weights(folder / "generator.safetensors").size(), 7U);
}

}  // namespace
}  // namespace stgmamba::weights
