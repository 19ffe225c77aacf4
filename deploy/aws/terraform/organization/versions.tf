terraform {
  required_version = ">= 1.3" # or OpenTofu

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}
