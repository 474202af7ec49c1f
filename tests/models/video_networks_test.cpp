// SPDX-License-Identifier: MIT
// Sizes, options and properties of the skeleton-to-video networks.
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/models/patch_discriminator.hpp"
#include "stgmamba/models/pix2pixhd/generators.hpp"
#include "stgmamba/models/vid2vid/generators.hpp"
#include "stgmamba/nn/image_blocks.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/error_between.hpp"
#include "support/gradcheck_along.hpp"
#include "support/scoped_threads.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::models {
namespace {

using torch::Tensor;
constexpr std::int64_t kB = 2, kF = 3, kH = 16, kW = 24;

class VideoNetworks : public testing::Test {
 protected:
  const test::ScopedThreads threads_{1};  // such small images gain nothing from more
};

GrCompositeConfig gr(std::int64_t ngf, bool early = false, bool flow = false, std::int64_t pose_channels = 3) {
  return {pose_channels, {.ngf = ngf, .fusion = early ? "early" : "late", .flow = flow}};
}
Vid2VidConfig v2v(std::int64_t ngf, bool flow, std::int64_t pose_channels = 3) {
  Vid2VidConfig config;
  config.pose_channels = pose_channels;
  config.network = {.ngf = ngf, .flow = flow};
  return config;
}

using CountAt = std::function<std::int64_t(std::int64_t)>;

/// Every weight has a size that is a quadratic polynomial of the width, so three small networks give the count of a
/// large one exactly, without its gigabytes.
std::int64_t count_at(std::int64_t width, const CountAt& count) {
  const std::int64_t a = count(4), b = count(8), c = count(12);
  const std::int64_t second = c - 2 * b + a;  // over a step of 4
  const std::int64_t steps = (width - 4) / 4;
  return a + steps * (b - a) + steps * (steps - 1) / 2 * second;
}

TEST_F(VideoNetworks, GeneratorsHaveTheReferencesParameterCounts) {
  const auto composite = [](bool early, bool flow, std::int64_t pose) {
    return [=](std::int64_t ngf) { return weights::parameter_count(GrComposite(gr(ngf, early, flow, pose))); };
  };
  EXPECT_EQ(count_at(128, composite(false, false, 3)), 282977283);
  EXPECT_EQ(count_at(64, composite(false, false, 3)), 70783491);
  EXPECT_EQ(composite(false, false, 3)(32), 17715459);  // built, not extrapolated
  EXPECT_EQ(count_at(128, composite(true, false, 3)), 182375811);
  EXPECT_EQ(count_at(64, composite(true, false, 3)), 45624003);
  EXPECT_EQ(count_at(32, composite(true, false, 3)), 11421027);
  EXPECT_EQ(count_at(128, composite(false, true, 3)), 364713990);
  EXPECT_EQ(count_at(64, composite(false, true, 3)), 91229190);
  EXPECT_EQ(count_at(32, composite(false, true, 3)), 22832646);
  EXPECT_EQ(count_at(128, composite(false, false, 18)), 283071363);
  EXPECT_EQ(count_at(64, composite(false, false, 18)), 70830531);
  EXPECT_EQ(weights::parameter_count(GrComposite({3, {.ngf = 8, .downs = 2, .blocks = 4}})), 132963);
  const auto recurrent = [](bool flow, std::int64_t pose) {
    return [=](std::int64_t ngf) { return weights::parameter_count(Vid2Vid(v2v(ngf, flow, pose))); };
  };
  EXPECT_EQ(count_at(128, recurrent(true, 6)), 364826886);
  EXPECT_EQ(count_at(64, recurrent(true, 6)), 91285638);
  EXPECT_EQ(count_at(128, recurrent(true, 3)), 364770438);
  EXPECT_EQ(count_at(64, recurrent(true, 3)), 91257414);
  EXPECT_EQ(count_at(32, recurrent(true, 3)), 22846758);
  EXPECT_EQ(count_at(128, recurrent(false, 3)), 283033731);
  EXPECT_EQ(count_at(64, recurrent(false, 3)), 70811715);
  EXPECT_EQ(count_at(32, recurrent(false, 3)), 17729571);
}

TEST_F(VideoNetworks, Pix2pixHdHasTheReferencesParameterCounts) {
  const auto global = [](bool cond, std::int64_t downs) {
    return [=](std::int64_t ngf) {
      return weights::parameter_count(GlobalGenerator({.cond_image = cond, .ngf = ngf, .downs = downs}));
    };
  };
  EXPECT_EQ(count_at(64, global(false, 4)), 182443267);
  EXPECT_EQ(count_at(64, global(true, 4)), 182452675);
  EXPECT_EQ(count_at(64, global(false, 3)), 45593347);
  EXPECT_EQ(count_at(64, global(true, 3)), 45602755);
  const auto local = [](bool cond) {
    return [=](std::int64_t ngf) {
      return weights::parameter_count(LocalEnhancer({.cond_image = cond, .ngf = ngf, .enhancer_blocks = 3}));
    };
  };
  EXPECT_EQ(count_at(64, local(false)), 182701827);
  EXPECT_EQ(count_at(64, local(true)), 182715939);
}

TEST_F(VideoNetworks, DiscriminatorsHaveTheReferencesParameterCountsAndSizes) {
  const auto count = [](std::int64_t channels, const char* norm, std::int64_t scales) {
    return weights::parameter_count(PatchDiscriminator({.channels = channels, .scales = scales, .norm = norm}));
  };
  EXPECT_EQ(count(9, "instance_affine", 2), 5545346);   // image, 6-channel pose; temporal without flow
  EXPECT_EQ(count(6, "instance_affine", 2), 5539202);   // image, 3-channel pose
  EXPECT_EQ(count(13, "instance_affine", 2), 5553538);  // temporal with flow
  EXPECT_EQ(count(9, "instance_affine", 1), 2772673);   // face
  EXPECT_EQ(count(6, "instance", 2), 5535618);          // pix2pixHD
  EXPECT_EQ(count(9, "instance", 2), 5541762);          // pix2pixHD, and d.cond_ref
  PatchDiscriminator network({.channels = 2, .ndf = 4});
  const ScaleFeatures features = network.forward(torch::zeros({1, 2, 256, 256}));
  const std::int64_t sizes[2][5] = {{129, 65, 33, 34, 35}, {65, 33, 17, 18, 19}};
  for (std::size_t scale = 0; scale < 2; ++scale) {
    for (std::size_t stage = 0; stage < 5; ++stage) {
      EXPECT_EQ(features[scale][stage].size(2), sizes[scale][stage]) << scale << " " << stage;
    }
  }
}

TEST_F(VideoNetworks, AScoreSeesSeventyPixels) {
  // The receptive field of one score is 70 pixels (skeleton-to-video A3), where no norm looks at the whole image.
  PatchDiscriminator network({.channels = 1, .ndf = 4, .scales = 1, .norm = "batch"});
  network.eval();
  Tensor x = torch::rand({1, 1, 128, 128}).requires_grad_();
  network.forward(x)[0].back()[0][0][9][9].backward();
  const Tensor rows = x.grad()[0][0].abs().sum(1).nonzero();
  EXPECT_EQ(rows.max().item<std::int64_t>() - rows.min().item<std::int64_t>() + 1, 70);
}

std::shared_ptr<VideoGenerator> from_yaml(const std::string& yaml, std::uint64_t seed = 1) {
  const auto document = config::Document::parse("model: {" + yaml + "}", "test");
  auto network = make_video_generator(document.root().section("model"), seed);
  document.finish();
  return network;
}

const char* const kSmall[] = {"name: gr_composite, ngf: 4, downs: 2, blocks: 3",
                              "name: gr_composite, ngf: 4, downs: 2, blocks: 3, flow: true",
                              "name: gr_composite, ngf: 4, downs: 2, blocks: 3, fusion: early",
                              "name: vid2vid, ngf: 4, downs: 2, blocks: 3",
                              "name: pix2pixhd, ngf: 4, downs: 2, blocks: 2",
                              "name: pix2pixhd, ngf: 4, downs: 2, blocks: 2, enhancer_blocks: 2"};

TEST_F(VideoNetworks, EveryOptionChangesTheFrames) {
  torch::manual_seed(3);
  const Tensor photo = torch::rand({kB, 3, kH, kW}) * 2 - 1, poses = torch::rand({kB, kF, 3, kH, kW}) * 2 - 1;
  const std::string composite = "ngf: 4, downs: 2, blocks: 3";
  const std::pair<std::string, std::string> changes[] = {
      {"name: gr_composite, " + composite, "name: gr_composite, ngf: 6, downs: 2, blocks: 3"},
      {"name: gr_composite, " + composite, "name: gr_composite, ngf: 4, downs: 3, blocks: 3"},
      {"name: gr_composite, " + composite, "name: gr_composite, ngf: 4, downs: 2, blocks: 4"},
      {"name: gr_composite, " + composite, "name: gr_composite, fusion: early, " + composite},
      {"name: gr_composite, " + composite, "name: gr_composite, flow: true, " + composite},
      {"name: gr_composite, " + composite, "name: gr_composite, norm: batch, " + composite},
      {"name: gr_composite, " + composite, "name: vid2vid, " + composite},
      {"name: vid2vid, " + composite, "name: vid2vid, window: 4, " + composite},
      {"name: vid2vid, " + composite, "name: vid2vid, first_frame: zero, " + composite},
      {"name: vid2vid, " + composite, "name: vid2vid, norm: instance, " + composite},
      {kSmall[4], "name: pix2pixhd, ngf: 6, downs: 2, blocks: 2"},
      {kSmall[4], "name: pix2pixhd, ngf: 4, downs: 1, blocks: 2"},
      {kSmall[4], "name: pix2pixhd, ngf: 4, downs: 2, blocks: 3"},
      {kSmall[4], "name: pix2pixhd, ngf: 4, downs: 2, blocks: 2, cond_image: false"},
      {kSmall[4], "name: pix2pixhd, ngf: 4, downs: 2, blocks: 2, norm: batch"},
      {kSmall[4], kSmall[5]},
  };
  for (const auto& [before, after] : changes) {
    const Tensor a = from_yaml(before)->render(photo, poses), b = from_yaml(after)->render(photo, poses);
    EXPECT_EQ(a.sizes(), (std::vector<std::int64_t>{kB, kF, 3, kH, kW})) << before;
    EXPECT_FALSE(torch::equal(a, b)) << after;
    EXPECT_TRUE(torch::equal(a, from_yaml(before)->render(photo, poses))) << before;
    EXPECT_LE(a.abs().max().item<double>(), 1.0);
  }
  EXPECT_EQ(
      from_yaml("name: gr_composite, ngf: 2, pose_channels: 18")->named_parameters()["model_down_seg.1.weight"].size(1),
      18);
  EXPECT_EQ(from_yaml("name: pix2pixhd, ngf: 2, pose_channels: 18")->named_parameters()["model.1.weight"].size(1), 21);
}

TEST_F(VideoNetworks, AFrameDoesNotDependOnItsBatch) {
  torch::manual_seed(4);
  const Tensor photo = torch::rand({kB, 3, kH, kW}), poses = torch::rand({kB, kF, 3, kH, kW});
  for (const char* yaml : kSmall) {
    const auto network = from_yaml(yaml);
    const Tensor all = network->render(photo, poses);
    const Tensor one = network->render(photo.narrow(0, 1, 1), poses.narrow(0, 1, 1));
    EXPECT_LT(test::error_between(all.narrow(0, 1, 1), one), 1e-5) << yaml;
  }
}

TEST_F(VideoNetworks, GradientsAreRightAndReachEveryParameter) {
  torch::manual_seed(5);
  for (const char* yaml : kSmall) {
    const auto network = from_yaml(yaml);
    network->to(torch::kDouble);
    const Tensor photo = torch::rand({1, 3, kH, kW}, torch::kDouble),
                 poses = torch::rand({1, 2, 3, kH, kW}, torch::kDouble);
    std::vector<std::pair<std::string, Tensor>> parameters;
    const torch::NoGradGuard no_grad;
    const auto named = network->named_parameters();
    for (const auto& entry : named) {
      Tensor tensor = entry.value();
      if (tensor.dim() > 1) {  // larger than at the start, where norms amplify and kinks of ReLU come close
        tensor.normal_(0.0, 1.0 / std::sqrt(static_cast<double>(tensor[0].numel())));
      }
      // A convolution's bias before instance norm is subtracted again: its gradient is 0.
      const std::string& name = entry.key();
      const bool bias = name.ends_with(".bias");
      const Tensor* const weight = bias ? named.find(name.substr(0, name.size() - 4) + "weight") : nullptr;
      if (!bias || weight->dim() == 1 || name.starts_with("model_final")) {
        parameters.emplace_back(entry.key(), tensor);
      }
    }
    const torch::AutoGradMode with_grad(true);
    SCOPED_TRACE(yaml);
    // Frames that vid2vid feeds back carry no gradient, so only its first frame is a plain function of the weights.
    const std::int64_t frames = std::string(yaml).find("vid2vid") != std::string::npos ? 1 : 2;
    test::gradcheck_along([&] { return network->render(photo, poses.narrow(1, 0, frames)); }, parameters, 1, 1e-4);
  }
}

TEST_F(VideoNetworks, Vid2VidFeedsBackWhatItMadeWithoutGradients) {
  torch::manual_seed(6);
  Vid2VidConfig config;
  config.network = {.ngf = 4, .downs = 2, .blocks = 3};
  Vid2Vid network(config);
  Tensor photo = torch::rand({1, 3, kH, kW}).requires_grad_();
  const Tensor poses = torch::rand({1, kF, 3, kH, kW});
  const Tensor frames = network.render(photo, poses);
  const Tensor window = torch::stack({poses.select(1, 0), poses.select(1, 1), poses.select(1, 2)}, 1);
  const Tensor previous = torch::stack({frames.select(1, 0), frames.select(1, 1)}, 1);
  EXPECT_TRUE(torch::equal(network.step(window, previous).final, frames.select(1, 2)));
  frames.select(1, 2).sum().backward();
  EXPECT_FALSE(photo.grad().defined());
}

TEST_F(VideoNetworks, ChannelsLastChangesNothingButTheLayout) {
  const Tensor photo = torch::rand({kB, 3, kH, kW}), poses = torch::rand({kB, 2, 3, kH, kW});
  for (const char* yaml : kSmall) {
    const auto plain = from_yaml(yaml, 1), last = from_yaml(yaml, 1);
    use_channels_last(*last);
    for (const Tensor& weight : last->parameters()) {
      EXPECT_TRUE(weight.dim() != 4 || weight.is_contiguous(at::MemoryFormat::ChannelsLast));
    }
    const torch::NoGradGuard no_grad;
    const double error = (last->render(photo, poses) - plain->render(photo, poses)).abs().max().item<double>();
    EXPECT_LT(error, 1e-4) << yaml;
  }
}

TEST_F(VideoNetworks, StretchesOfAVideoAreTheWhole) {
  const Tensor photo = torch::rand({kB, 3, kH, kW}), poses = torch::rand({kB, 6, 3, kH, kW});
  for (const char* yaml : kSmall) {
    const auto network = from_yaml(yaml, 1);
    VideoGenerator::Memory memory;
    std::vector<Tensor> stretches;
    for (const auto& [first, count] : {std::pair{0, 1}, {1, 3}, {4, 2}}) {  // shorter and longer than a window
      stretches.push_back(network->render_next(photo, poses.narrow(1, first, count), memory));
    }
    const Tensor whole = network->render(photo, poses);
    EXPECT_LT((torch::cat(stretches, 1) - whole).abs().max().item<double>(), 1e-5) << yaml;
    EXPECT_EQ(network->recurrent(), std::string(yaml).find("vid2vid") != std::string::npos);
  }
}

TEST_F(VideoNetworks, TemporalInputStacksFramesAndScaledFlows) {
  const Tensor frames = torch::rand({2, 3, 3, 4, 5}), flows = torch::rand({2, 2, 2, 4, 5});
  EXPECT_TRUE(torch::equal(temporal_input(frames), frames.view({2, 9, 4, 5})));
  const Tensor both = temporal_input(frames, flows);
  EXPECT_EQ(both.size(1), 13);
  EXPECT_TRUE(torch::allclose(both.narrow(1, 9, 4) * 20, flows.view({2, 4, 4, 5})));
}

TEST_F(VideoNetworks, WeightsTravelAndShapesAreChecked) {
  const test::TempFolder folder;
  const Tensor photo = torch::rand({1, 3, kH, kW}), poses = torch::rand({1, 2, 3, kH, kW});
  for (const char* yaml : kSmall) {
    const auto network = from_yaml(yaml, 1), other = from_yaml(yaml, 2);
    weights::save_module(folder / "g.pth", *network);
    EXPECT_FALSE(torch::equal(network->render(photo, poses), other->render(photo, poses)));
    weights::load_module(folder / "g.pth", *other);
    EXPECT_TRUE(torch::equal(network->render(photo, poses), other->render(photo, poses))) << yaml;
  }
  EXPECT_THAT(test::error_of([&] {
                from_yaml(kSmall[0])->render(torch::rand({1, 3, 18, 24}), torch::rand({1, 2, 3, 18, 24}));
              }),
              testing::HasSubstr("multiples of 4"));
  for (const char* yaml : kSmall) {  // pose maps of the wrong number of channels
    EXPECT_EQ(test::exit_code_of([&] { from_yaml(yaml)->render(photo, torch::rand({1, 2, 4, kH, kW})); }), 1) << yaml;
  }
  EXPECT_EQ(test::exit_code_of([&] { from_yaml("name: gr_composite, blocks: 1"); }), 3);
}

TEST_F(VideoNetworks, InitialWeightsAreTheOriginals) {
  const auto network = from_yaml("name: gr_composite, ngf: 32, downs: 2, blocks: 2");
  const auto tensors = weights::named_tensors(*network);
  EXPECT_NEAR(tensors.at("model_down_seg.4.weight").std().item<double>(), 0.02, 0.001);
  EXPECT_NEAR(tensors.at("model_up_img.0.weight").std().item<double>(), 0.02, 0.001);
  EXPECT_NEAR(tensors.at("model_down_seg.8.weight").mean().item<double>(), 1.0, 0.01);
  EXPECT_EQ(tensors.at("model_down_seg.8.bias").abs().max().item<double>(), 0.0);
}

}  // namespace
}  // namespace stgmamba::models
