terraform {
  required_version = ">= 1.3" # or OpenTofu

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.33" # target_object_key_format
    }
  }
}
